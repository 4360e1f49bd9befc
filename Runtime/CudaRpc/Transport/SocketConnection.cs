using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CudaRpc.Transport;

/// <summary><see cref="Connection"/> over a TCP or Unix-domain socket.</summary>
internal sealed unsafe class SocketConnection : Connection
{
    private const int Flags = Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL;

    // The kernel doubles it. Half as many sleeps a MiB as with the default where both ends share a processor.
    private const int UnixSendBuffer = 208 << 10;

    // More than a header and most bodies.
    private const int Bulk = 64 << 10;

    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly int _descriptor;
    private SpinBudget _budget;

    // Of waits amid many bytes, which come at once where the others come late.
    private SpinBudget _bulkBudget;

    public SocketConnection(Socket socket, string peer)
    {
        _socket = socket;
        _handle = socket.SafeHandle;
        _descriptor = (int)_handle.DangerousGetHandle();
        Peer = peer;
        if (socket.AddressFamily == AddressFamily.Unix)
        {
            socket.SendBufferSize = UnixSendBuffer;
            SendsBriefly = true;
            _budget = new SpinBudget(isNear: true);
            _bulkBudget = new SpinBudget(isNear: true);
        }
        else
        {
            socket.NoDelay = true;
            // A machine that loses power says nothing: without these its peer would wait, and a server keep its session, for ever.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        }
    }

    public override string Peer { get; }

    public override long Deadline { get; set; } = long.MaxValue;

    public override bool SendsBriefly { get; }

    public override void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        fixed (byte* firstBytes = first)
        fixed (byte* secondBytes = second)
        {
            Libc.IoVector* vectors = stackalloc Libc.IoVector[2];
            vectors[0] = new Libc.IoVector { Base = firstBytes, Length = (nuint)first.Length };
            vectors[1] = new Libc.IoVector { Base = secondBytes, Length = (nuint)second.Length };
            SendAll(vectors, second.IsEmpty ? 1 : 2);
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
        int received = TryReceive(destination);
        if (received >= 0)
        {
            return received;
        }

        ref SpinBudget budget = ref destination.Length > Bulk ? ref _bulkBudget : ref _budget;
        long until = Stopwatch.GetTimestamp() + budget.Next();
        while (Stopwatch.GetTimestamp() < until)
        {
            received = TryReceive(destination);
            if (received >= 0)
            {
                budget.Succeeded();
                return received;
            }
        }

        budget.Failed();
        while ((received = TryReceive(destination)) < 0)
        {
            WaitFor(Libc.POLLIN);
        }

        return received;
    }

    public override int TryReceive(Span<byte> destination)
    {
        fixed (byte* buffer = destination)
        {
            while (true)
            {
                // SAFETY: buffer is pinned for the length given; MSG_DONTWAIT returns at once.
                nint received = Libc.recv(_handle, buffer, (nuint)destination.Length, Libc.MSG_DONTWAIT);
                if (received >= 0)
                {
                    return (int)received;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Libc.EAGAIN:
                        return -1;
                    case Libc.EINTR:
                        break;
                    case int error:
                        ThrowLost("receiving", error);
                        break;
                }
            }
        }
    }

    // Bytes that arrive behind the end are answered by a reset, and with that TCP drops what the peer's window has not taken yet: the reply to
    // a call could take back the goodbye behind it.
    public override void Drain()
    {
        int unsent = 0;
        // SAFETY: one number on the stack. Unix sockets do not know the request, nor need they: what is sent is at the peer.
        while (Libc.ioctl(_handle, Libc.SIOCOUTQNSD, &unsent) == 0 && unsent > 0 && Environment.TickCount64 < Deadline)
        {
            Thread.Sleep(1);
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
                WaitFor(Libc.POLLOUT);
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
            // One vector goes without the message around it: the kernel takes 0.1 us to copy and check that.
            nint sent = count == 1
                ? Libc.send(_handle, vectors->Base, vectors->Length, Flags)
                : Libc.sendmsg(_handle, &message, Flags);
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

    private void WaitFor(short events)
    {
        var descriptor = new Libc.PollDescriptor { Descriptor = _descriptor, Events = events };
        int timeout = Deadline == long.MaxValue ? Timeout.Infinite : (int)Math.Clamp(Deadline - Environment.TickCount64, 0, int.MaxValue);
        bool held = false;
        try
        {
            // The number stays this socket's while the handle is held, though another thread disposes it.
            _handle.DangerousAddRef(ref held);
            // SAFETY: one descriptor on the stack.
            int ready = Libc.poll(&descriptor, 1, timeout);
            if (ready == 0)
            {
                throw new IOException($"{Peer} did not answer in time");
            }

            if (ready < 0 && Marshal.GetLastPInvokeError() is var error && error != Libc.EINTR)
            {
                ThrowLost("waiting for", error);
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

    [DoesNotReturn]
    private void ThrowLost(string doing, int error) =>
        throw new IOException($"connection to {Peer} lost while {doing}: {Marshal.GetPInvokeErrorMessage(error)}");
}
