namespace CudaRpc.Client;

// Which lane takes posted calls.
public sealed partial class Session
{
    // Posted calls of other threads after which a lane whose own thread posts nothing is no longer the carrier.
    private const int LongestAbsence = 64;

    // The lane that takes the posted calls of all threads, and how many of other threads since its own; guarded by PostLock.
    private Lane? _carrier;
    private int _foreign;

    /// <summary>Guards the queues of all lanes, and so the order of posted calls.</summary>
    internal BriefLock PostLock { get; } = new();

    /// <summary>
    /// Under <see cref="PostLock"/>: the lane that takes a posted call of <paramref name="own"/>'s thread. The calls of all threads go one way, because
    /// the server would have to hand the turn from lane to lane with every call that goes another. It is the way of a thread that posts, as long
    /// as that thread does: one that waits, or sends much, gives it up.
    /// </summary>
    internal Lane CarrierFor(Lane own)
    {
        if (_carrier == own)
        {
            _foreign = 0;
        }
        else if (_carrier is null || ++_foreign > LongestAbsence)
        {
            (_carrier, _foreign) = (own, 0);
        }

        return _carrier;
    }

    /// <summary>Under <see cref="PostLock"/>: <paramref name="lane"/> takes no more posted calls of other threads.</summary>
    internal void DropCarrier(Lane lane)
    {
        if (_carrier == lane)
        {
            _carrier = null;
        }
    }

    /// <summary>Sends what another lane carries, as far as that takes no waiting: the caller is about to wait for what comes after it.</summary>
    internal void FlushCarrier(Lane own)
    {
        if (Volatile.Read(ref _carrier) is Lane carrier && carrier != own)
        {
            carrier.PumpQueued();
        }
    }
}
