namespace CudaRpc.Client;

// What the session tells listeners.
public sealed partial class Session
{
    /// <summary>What it tells listeners; null where there can be none.</summary>
    internal SessionTelemetry? Telemetry { get; }

    /// <summary>Lanes of threads that have not ended.</summary>
    internal int LaneCount
    {
        get
        {
            lock (_lock)
            {
                return _lanes.Count;
            }
        }
    }
}
