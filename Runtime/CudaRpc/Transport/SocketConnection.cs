using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CudaRpc.Transport;

/// <summary><see cref="Connection"/> over a TCP or Unix-domain socket.</summary>
internal sealed unsafe class SocketConnection : Connection
{
    // Waking a blocked thread costs tens of microseconds on a virtual machine; a reply of a local server takes a few.
    private static readonly long s_spin = Environment.ProcessorCount > 1 ? Stopwatch.Frequency / 1_000_000 * 20 : 0;

    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly int _descriptor;

    public SocketConnection(Socket socket, string peer)
    {
        _socket = socket;
        _handle = socket.SafeHandle;
        _descriptor = (int)_handle.DangerousGetHandle();
        Peer = peer;
        if (socket.AddressFamily != AddressFamily.Unix)
        {
            socket.NoDelay = true;
        }
    }

    public override string Peer { get; }

    public override int ReceiveTimeout { get; set; } = Timeout.Infinite;

    public override void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        fixed (byte* firstBytes = first)
        fixed (byte* secondBytes = second)
        {
            Libc.IoVector* vectors = stackalloc Libc.IoVector[2];
            vectors[0] = new Libc.IoVector { Base = firstBytes, Length = (nuint)first.Length };
            vectors[1] = new Libc.IoVector { Base = secondBytes, Length = (nuint)second.Length };
            SendAll(vectors, 2);
        }
    }

    public override int TrySend(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var vector = new Libc.IoVector { Base = start, Length = (nuint)bytes.Length };
            return (int)SendSome(&vector, 1);
        }
    }

    public override int Receive(Span<byte> destination)
    {
        fixed (byte* buffer = destination)
        {
            long spinUntil = 0;
            while (true)
            {
                // SAFETY: buffer is pinned for the length given; MSG_DONTWAIT returns at once.
                nint received = Libc.recv(_handle, buffer, (nuint)destination.Length, Libc.MSG_DONTWAIT);
                if (received >= 0)
                {
                    return (int)received;
                }

                int error = Marshal.GetLastPInvokeError();
                if (error == Libc.EAGAIN)
                {
                    long now = Stopwatch.GetTimestamp();
                    if (spinUntil == 0)
                    {
                        spinUntil = now + s_spin;
                    }

                    if (now >= spinUntil && !WaitFor(Libc.POLLIN, ReceiveTimeout))
                    {
                        throw new IOException($"{Peer} sent nothing for {ReceiveTimeout} ms");
                    }
                }
                else if (error != Libc.EINTR)
                {
                    ThrowLost("receiving", error);
                }
            }
        }
    }

    public override void Abort()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Already gone, which is what was asked for.
        }
    }

    public override void Dispose() => _socket.Dispose();

    private void SendAll(Libc.IoVector* vectors, int count)
    {
        while (true)
        {
            while (count > 0 && vectors->Length == 0)
            {
                vectors++;
                count--;
            }

            if (count == 0)
            {
                return;
            }

            nuint sent = SendSome(vectors, count);
            if (sent == 0)
            {
                WaitFor(Libc.POLLOUT, Timeout.Infinite);
            }

            for (nuint left = sent; left > 0;)
            {
                nuint step = nuint.Min(left, vectors->Length);
                vectors->Base += step;
                vectors->Length -= step;
                left -= step;
                if (vectors->Length == 0)
                {
                    vectors++;
                    count--;
                }
            }
        }
    }

    private nuint SendSome(Libc.IoVector* vectors, int count)
    {
        var message = new Libc.MessageHeader { Vectors = vectors, VectorCount = (nuint)count };
        while (true)
        {
            // SAFETY: every vector is memory that the caller keeps alive and in place during this call.
            nint sent = Libc.sendmsg(_handle, &message, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL);
            if (sent >= 0)
            {
                return (nuint)sent;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Libc.EAGAIN:
                    return 0;
                case Libc.EINTR:
                    break;
                case int error:
                    ThrowLost("sending", error);
                    break;
            }
        }
    }

    // False when the time has passed.
    private bool WaitFor(short events, int timeout)
    {
        var descriptor = new Libc.PollDescriptor { Descriptor = _descriptor, Events = events };
        // SAFETY: one descriptor on the stack. The handle is open: Dispose is not called while a thread is in here.
        int ready = Libc.poll(&descriptor, 1, timeout);
        if (ready < 0 && Marshal.GetLastPInvokeError() is var error && error != Libc.EINTR)
        {
            ThrowLost("waiting for", error);
        }

        return ready != 0;
    }

    [DoesNotReturn]
    private void ThrowLost(string doing, int error) =>
        throw new IOException($"connection to {Peer} lost while {doing}: {Marshal.GetPInvokeErrorMessage(error)}");
}
