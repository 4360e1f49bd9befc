using CudaRpc.Simulator.Execution;

namespace CudaRpc.Simulator.Objects;

/// <summary>One recording of an event. The timestamp is valid once the point is reached.</summary>
internal sealed class EventRecording
{
    public StreamPoint Point { get; set; }

    public long Timestamp { get; set; }
}
