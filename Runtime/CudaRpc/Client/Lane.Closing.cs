using System.Diagnostics.CodeAnalysis;
using CudaRpc.Protocol;
using CudaRpc.Transport;

namespace CudaRpc.Client;

// How a lane ends.
internal sealed unsafe partial class Lane
{
    /// <summary>True for the first who wants to dispose the lane: its thread's end, the session's end, or a thread that looks for ended ones.</summary>
    public bool TryRetire()
    {
        using (_order.EnterScope())
        {
            _order.Forget(this);
        }

        return Interlocked.Exchange(ref _retired, 1) == 0;
    }

    /// <summary>
    /// Sends what is queued, says goodbye and closes; the server then forgets the lane. Waits no longer than until <paramref name="deadline"/>
    /// (<see cref="Environment.TickCount64"/>) for a server that takes nothing. A thread that is in a call gets an error there.
    /// </summary>
    public void Close(long deadline)
    {
        Connection? connection;
        using (_order.EnterScope())
        {
            // A frame behind the goodbye is not read, and its turn would not come: the other lanes' goodbyes would wait for it.
            _queue.Close();
            connection = _connection;
        }

        if (connection is null)
        {
            return;
        }

        try
        {
            SayGoodbye(connection, deadline);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The server notices the closed connection as well.
        }

        connection.Abort();
        connection.Dispose();
    }

    // Under the session's order.
    private void ThrowIfClosed()
    {
        if (_queue.IsClosed)
        {
            ThrowClosed();
        }
    }

    [DoesNotReturn]
    private static void ThrowClosed() => throw new ObjectDisposedException(nameof(Session));

    private void SayGoodbye(Connection connection, long deadline)
    {
        if (!_sendLock.TryEnter(TimeSpan.FromMilliseconds(Math.Max(0, deadline - Environment.TickCount64))))
        {
            return;
        }

        try
        {
            // Whoever sends alone has said so before it had the order, in which Close then told others not to.
            if (!SpinWait.SpinUntil(() => !Volatile.Read(ref _sendsAlone), (int)Math.Max(0, deadline - Environment.TickCount64)))
            {
                return;
            }

            connection.Deadline = deadline;
            SendQueuedLocked();
            // Not through _staging, in which the owning thread may be writing a call.
            Span<byte> goodbye = stackalloc byte[FrameHeader.Size];
            using (_order.EnterScope())
            {
                new FrameHeader(0, ControlId.Goodbye, FrameFlags.Posted, 0, _order.Next(), 0).Write(goodbye);
            }

            connection.Send(goodbye, default);
            Volatile.Write(ref _bytesSent, _bytesSent + goodbye.Length);
            connection.Drain();
        }
        finally
        {
            EndSending();
        }
    }
}
