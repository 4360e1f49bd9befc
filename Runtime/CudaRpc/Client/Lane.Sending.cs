using CudaRpc.Protocol;

namespace CudaRpc.Client;

// How frames get numbers, queue and leave: in one order, whoever sends them.
internal sealed unsafe partial class Lane
{
    // Under the session's order. Bulk that cannot be read throws before the call has a number, which the server would wait for.
    private void Enqueue(Lane caller, uint callId, ReadOnlySpan<byte> smallBulk)
    {
        ThrowIfClosed();
        ByteBuffer queue = _queue.Queue;
        int start = queue.Length;
        try
        {
            queue.Write(caller._staging.Written);
            queue.Write(smallBulk);
        }
        catch
        {
            queue.Clear(start);
            throw;
        }

        caller.NextHeader(callId, FrameFlags.Posted, (ulong)smallBulk.Length).Write(queue.Slice(start, FrameHeader.Size));
        _queue.Announce();
    }

    // Under the session's order: the frame has left when this returns true, without the sender; else it has to be queued. Nobody else sends on
    // the lane meanwhile: nothing is queued, and its own thread, if that waits or sends much, has given up carrying before.
    private bool TryPost(Lane caller, uint callId, ReadOnlySpan<byte> smallBulk, out bool wokeServer)
    {
        ThrowIfClosed();
        ByteBuffer frame = caller._staging;
        wokeServer = false;
        if (!_queue.IsEmpty || !_connection!.TakesPosts)
        {
            return false;
        }

        // The number is given once it has left: the server would wait for it. Where it has left and this throws all the same, the session is lost.
        caller.Header(_order.Last + 1, callId, FrameFlags.Posted, (ulong)smallBulk.Length).Write(frame.Slice(0, FrameHeader.Size));
        if (!_connection.TryPost(frame.Written, smallBulk, out wokeServer))
        {
            return false;
        }

        caller.Number(callId, FrameFlags.Posted, (ulong)smallBulk.Length);
        _queue.CountPosted(frame.Length + smallBulk.Length);
        return true;
    }

    // Under the session's order: the call that is next waits for all that was posted before it. As in TryPost, nobody else sends on that lane.
    private void HurryCarrier()
    {
        if (_order.Carrier is Lane carrier && carrier != this && carrier._queue.IsEmpty)
        {
            carrier._connection!.HurryPosts();
        }
    }

    private ulong Send(uint callId, FrameFlags flags, byte* bulk, nuint length)
    {
        if (length <= (nuint)ProtocolLimits.PostedCopy && TrySendAlone(callId, flags, new ReadOnlySpan<byte>(bulk, (int)length), out ulong number))
        {
            return number;
        }

        _sendLock.Enter();
        try
        {
            ulong sequence = Seal(callId, flags, length);
            int first = (int)nuint.Min(length, int.MaxValue);
            // SAFETY: the program vouches for length readable bytes at bulk until the driver call returns.
            SendSealed(new ReadOnlySpan<byte>(bulk, first));
            for (nuint sent = (nuint)first; sent < length;)
            {
                int piece = (int)nuint.Min(length - sent, int.MaxValue);
                _connection!.Send(new ReadOnlySpan<byte>(bulk + sent, piece), default);
                sent += (nuint)piece;
            }

            Volatile.Write(ref _bytesSent, _bytesSent + (long)length);
            return sequence;
        }
        finally
        {
            EndSending();
        }
    }

    // Where nothing is queued nobody else sends: not the pump, and no thread that posts, once the lane is not their carrier. Only who closes the lane
    // may come. So the send lock and the queue are left out, whose interlocked operations take as long as a ring's part of the call.
    private bool TrySendAlone(uint callId, FrameFlags flags, ReadOnlySpan<byte> bulk, out ulong sequence)
    {
        _session.FlushCarrier(this);
        Volatile.Write(ref _sendsAlone, true);
        try
        {
            using (_order.EnterScope())
            {
                if (!_queue.IsEmpty || _queue.IsClosed)
                {
                    sequence = 0;
                    return false;
                }

                HurryCarrier();
                _order.EndCarrying(this, _hasPosted);
                FrameHeader header = NextHeader(callId, flags, (ulong)bulk.Length);
                header.Write(_staging.Slice(0, FrameHeader.Size));
                sequence = header.Sequence;
            }

            if (bulk.IsEmpty && (flags & FrameFlags.Posted) == 0)
            {
                // The reply is what the thread receives next.
                _connection!.SendBeforeReceive(_staging.Written);
            }
            else
            {
                _connection!.Send(_staging.Written, bulk);
            }

            Volatile.Write(ref _bytesSent, _bytesSent + _staging.Length + bulk.Length);
            return true;
        }
        finally
        {
            Volatile.Write(ref _sendsAlone, false);
        }
    }

    // The pump that came meanwhile has found the lane taken and sleeps. Fence: what frees the lane and then looks whether the pump sleeps pairs with
    // the pump, which announces its sleep and then tries the lane.
    private void EndSending()
    {
        _sendLock.Exit();
        Interlocked.MemoryBarrier();
        if (!_queue.IsEmpty)
        {
            _session.Pump.Wake();
        }
    }

    /// <summary>
    /// Under _sendLock: makes the staged call the last of what is to be sent, so that its bulk may follow. Other threads' posted calls
    /// no longer come this way: they would wait behind it.
    /// </summary>
    private ulong Seal(uint callId, FrameFlags flags, nuint length)
    {
        _session.FlushCarrier(this);
        SendUnsent();
        using (_order.EnterScope())
        {
            ThrowIfClosed();
            HurryCarrier();
            _order.EndCarrying(this, _hasPosted);
            FrameHeader header = NextHeader(callId, flags, length);
            header.Write(_staging.Slice(0, FrameHeader.Size));
            _queue.Queue.Write(_staging.Written);
            _queue.Swap();
            return header.Sequence;
        }
    }

    private void SendSealed(ReadOnlySpan<byte> bulk)
    {
        int length = _queue.Rest.Length;
        _connection!.Send(_queue.Rest, bulk);
        CountSent(length);
    }

    private void PostSettled()
    {
        using (_order.EnterScope())
        {
            _staging.Clear(FrameHeader.Size);
            if (TryPost(this, ControlId.Settled, default, out _))
            {
                return;
            }

            Enqueue(this, ControlId.Settled, default);
        }

        _session.Pump.Queued(this);
    }

    private void SendAllQueued()
    {
        _sendLock.Enter();
        try
        {
            SendQueuedLocked();
        }
        finally
        {
            EndSending();
        }
    }

    // What the pump left half sent, then what was queued before the call.
    private void SendQueuedLocked()
    {
        SendUnsent();
        SwapQueue();
        SendUnsent();
    }

    private void SendUnsent()
    {
        ReadOnlySpan<byte> rest = _queue.Rest;
        if (rest.Length > 0)
        {
            _connection!.Send(rest, default);
            CountSent(rest.Length);
        }
    }

    private void SwapQueue()
    {
        if (_queue.Rest.Length == 0)
        {
            using (_order.EnterScope())
            {
                _queue.Swap();
            }
        }
    }

    private void CountSent(int sent)
    {
        Volatile.Write(ref _bytesSent, _bytesSent + sent);
        _queue.CountSent(sent);
    }

    // The sequence number is taken here, when nothing can keep the frame from being sent but the end of the session.
    private FrameHeader NextHeader(uint callId, FrameFlags flags, ulong bulkLength) => Header(Number(callId, flags, bulkLength), callId, flags, bulkLength);

    private ulong Number(uint callId, FrameFlags flags, ulong bulkLength)
    {
        ulong sequence = _order.Next();
        long bytes = _staging.Length + (long)bulkLength;
        if (callId is ControlId.Settled or ControlId.HostChanged)
        {
            Trace?.SentAlong(bytes);
        }
        else
        {
            Trace?.Sent(sequence, (flags & FrameFlags.Posted) != 0, bytes);
        }

        return sequence;
    }

    private FrameHeader Header(ulong sequence, uint callId, FrameFlags flags, ulong bulkLength) =>
        new((uint)(_staging.Length - FrameHeader.Size), callId, flags, HandleId.Number(Current.Value), sequence, bulkLength);
}
