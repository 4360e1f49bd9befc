using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// Wakes a thread of the peer, and lets one of ours sleep: bytes of a Unix socket, of which only the arrival counts. The socket's end is
/// the peer's, however it came, so a sleeper is told of that at once.
/// </summary>
/// <remarks>
/// A futex would have to be watched together with the socket, by a thread of its own. It is not faster: two processes that only sleep and
/// wake each other took 32 microseconds for a round with a futex, 32 with an eventfd and poll, 9 to 27 with a byte that a blocking
/// receive waits for (medians, November 2026, a virtual machine with two processors; benchmarks/raw/rings.c). Nor can the peer make any
/// of these calls block, as it could with a shared eventfd by taking O_NONBLOCK from it.
/// </remarks>
internal sealed unsafe class Doorbell(Socket socket, string peer) : IDisposable
{
    private const int Drained = 64;

    private readonly SafeSocketHandle _handle = socket.SafeHandle;

    /// <summary>Wakes the peer's sleeper. One that has gone notices nothing; neither does the caller.</summary>
    public void Ring()
    {
        byte ring = 0;
        var vector = new Libc.IoVector { Base = &ring, Length = 1 };
        var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1 };
        // SAFETY: one byte on the stack. Where the peer lets rings lie until no more fit, one of those wakes it; so nothing is lost with
        // this one.
        while (Libc.sendmsg(_handle, &message, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL) < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR)
        {
        }
    }

    /// <summary>
    /// Sleeps until the peer rings, or has rung since the last time. False where it has gone, or the bell was taken down here.
    /// </summary>
    /// <exception cref="IOException"><paramref name="deadline"/> has passed.</exception>
    public bool WaitForRing(long deadline)
    {
        if (deadline != long.MaxValue)
        {
            WaitUntil(deadline);
        }

        return Take(0) > 0;
    }

    /// <summary>Whether the peer has gone. Takes rings away: for its own sleeper's thread, while that is awake.</summary>
    public bool IsGone()
    {
        nint taken = Take(Libc.MSG_DONTWAIT);
        return taken == 0 || (taken < 0 && Marshal.GetLastPInvokeError() != Libc.EAGAIN);
    }

    /// <summary>Takes the bell down: sleepers of both sides are told.</summary>
    public void Shutdown()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Already gone, which is what was asked for.
        }
    }

    public void Dispose() => socket.Dispose();

    private nint Take(int flags)
    {
        byte* rings = stackalloc byte[Drained];
        nint taken;
        do
        {
            // SAFETY: the buffer is on the stack, of the length given.
            taken = Libc.recv(_handle, rings, Drained, flags);
        }
        while (taken < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);

        return taken;
    }

    private void WaitUntil(long deadline)
    {
        bool held = false;
        try
        {
            // The number stays this socket's while the handle is held, though another thread disposes it.
            _handle.DangerousAddRef(ref held);
            var descriptor = new Libc.PollDescriptor { Descriptor = (int)_handle.DangerousGetHandle(), Events = Libc.POLLIN };
            int ready;
            do
            {
                // SAFETY: one descriptor on the stack.
                ready = Libc.poll(&descriptor, 1, (int)Math.Clamp(deadline - Environment.TickCount64, 0, int.MaxValue));
            }
            while (ready < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);

            if (ready == 0)
            {
                throw new IOException($"{peer} did not answer in time");
            }
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }
}
