using System.Buffers;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using MessagePack;

namespace CudaRpc.Server;

/// <summary>
/// Posted calls that free something, for which a driver waits for the GPU first. They are made in their order on a thread of their own,
/// which starts with the first: the client's thread has gone on, and so must its lane, or every call behind the lane's next one would wait.
/// What is freed here no later call can name; one that finds no memory, or asks how much there is, waits, and so does a thread's own synchronize.
/// </summary>
internal sealed class ReleaseQueue(ServerSession session)
{
    // Far more than their arguments take.
    private const int LargestBody = 64;
    private const int Capacity = 1 << 16;

    // Guards everything below, and is pulsed when something of it changes.
    private readonly object _lock = new();
    private readonly Queue<(FrameHeader Header, byte[] Body)> _calls = new();

    // How many calls were taken over, and how many of them have been made, which is looked at without the lock, too.
    private long _added;
    private long _made;
    private bool _running;
    private bool _closed;

    /// <summary>
    /// Takes a call over; false for one that has to be made at once, as is one that frees nothing the session has: it waits for nothing, and the
    /// next synchronous call is to report its failure. Waits where very many are pending.
    /// </summary>
    /// <param name="header">The call's.</param>
    /// <param name="body">The call's.</param>
    /// <param name="number">Of a call that was taken over: what <see cref="WaitFor"/> takes.</param>
    public bool TryAdd(in FrameHeader header, ReadOnlySpan<byte> body, ref long number)
    {
        bool releases = header.CallId
            is CallId.cuMemFree_v2 or CallId.cuModuleUnload or CallId.cuLibraryUnload or CallId.cuArrayDestroy or CallId.cuMipmappedArrayDestroy;
        if (!releases || (header.Flags & FrameFlags.Posted) == 0 || body.Length > LargestBody || header.BulkLength != 0 || !IsKnown(header.CallId, body))
        {
            return false;
        }

        byte[] copy = ArrayPool<byte>.Shared.Rent(body.Length);
        body.CopyTo(copy);
        lock (_lock)
        {
            while (_added - _made >= Capacity && !_closed)
            {
                Monitor.Wait(_lock);
            }

            if (_closed)
            {
                return true;
            }

            _calls.Enqueue((header, copy));
            number = ++_added;
            if (_running)
            {
                Monitor.PulseAll(_lock);
            }
            else
            {
                _running = true;
                new Thread(Run) { IsBackground = true, Name = "cudarpc release" }.Start();
            }
        }

        return true;
    }

    /// <summary>Waits until all that was to be freed is.</summary>
    public void WaitUntilEmpty() => WaitFor(long.MaxValue);

    /// <summary>Waits until the call of this number, and all before it, have been made.</summary>
    public void WaitFor(long number)
    {
        // A thread that has freed nothing lately need not wait, nor take the lock, which is a fifth of what its synchronize takes here.
        if (Volatile.Read(ref _made) < number)
        {
            AwaitMade(number);
        }
    }

    private void AwaitMade(long number)
    {
        lock (_lock)
        {
            while (_made < Math.Min(number, _added) && !_closed)
            {
                Monitor.Wait(_lock);
            }
        }
    }

    /// <summary>The session ends, which releases everything: what is still queued is dropped, and nobody waits any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Waits for the call that is being made when the queue is closed.</summary>
    public void Join()
    {
        lock (_lock)
        {
            while (_running)
            {
                Monitor.Wait(_lock);
            }
        }
    }

    // Whether what is to be freed, the call's one argument, is the session's.
    private bool IsKnown(uint callId, ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new BodyReader(body);
            return callId == CallId.cuMemFree_v2 ? session.Owns(reader.ReadUInt64()) : session.Handles.TryResolve((nint)reader.ReadInt64(), out _);
        }
        catch (Exception failure) when (failure is MessagePackSerializationException or EndOfStreamException or OverflowException)
        {
            // The dispatcher says what is wrong with it.
            return false;
        }
    }

    private void Run()
    {
        using var lane = new ServerLane(session);
        while (Next(out FrameHeader header, out byte[] body))
        {
            try
            {
                lane.Serve(header, body.AsSpan(0, (int)header.BodyLength));
            }
            catch (ProtocolException failure)
            {
                ServerLog.PeerDisconnected(session.Logger, $"Session {session.Id}", failure.Message);
                session.Abort();
            }

            ArrayPool<byte>.Shared.Return(body);
            lock (_lock)
            {
                // Releases what the call has done, for who looks without the lock.
                Volatile.Write(ref _made, _made + 1);
                Monitor.PulseAll(_lock);
            }
        }
    }

    private bool Next(out FrameHeader header, out byte[] body)
    {
        lock (_lock)
        {
            while (_calls.Count == 0 && !_closed)
            {
                Monitor.Wait(_lock);
            }

            if (!_closed)
            {
                (header, body) = _calls.Dequeue();
                return true;
            }

            _running = false;
            Monitor.PulseAll(_lock);
            (header, body) = (default, []);
            return false;
        }
    }
}
