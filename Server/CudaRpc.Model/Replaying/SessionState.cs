namespace CudaRpc.Model;

/// <summary>One process's session during a replay.</summary>
internal sealed class SessionState(int streams, int events)
{
    // As in the client: posted calls of other threads after which a thread that posts nothing no longer carries.
    private const int LongestAbsence = 64;

    private int _foreign;

    public DeviceTimelines Device { get; } = new(streams, events);

    /// <summary>Posted calls that the send pump, which sleeps, has not sent: thread and step.</summary>
    public List<(int Thread, int Step)> Queued { get; } = [];

    /// <summary>Until when the send pump does not sleep.</summary>
    public long PumpAwake { get; set; } = -1;

    /// <summary>The thread whose lane carries posted calls; -1 for none.</summary>
    public int Carrier { get; private set; } = -1;

    /// <summary>When the server may begin the next call in the session's order.</summary>
    public long GateFree { get; set; }

    /// <summary>When the last data of posted copies to the host arrives.</summary>
    public long Landed { get; set; }

    /// <summary>What was sent and when the server had made it, for the bound of what is under way.</summary>
    public SendWindow Window { get; } = new();

    /// <summary>The thread whose lane takes a posted call of <paramref name="thread"/>.</summary>
    public int CarrierFor(int thread)
    {
        if (Carrier == thread)
        {
            _foreign = 0;
        }
        else if (Carrier < 0 || ++_foreign > LongestAbsence)
        {
            (Carrier, _foreign) = (thread, 0);
        }

        return Carrier;
    }

    /// <summary>A thread that waits carries no more.</summary>
    public void DropCarrier(int thread) => Carrier = Carrier == thread ? -1 : Carrier;
}
