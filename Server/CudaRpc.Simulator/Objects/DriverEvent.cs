using CudaRpc.Simulator.Graphs;

namespace CudaRpc.Simulator.Objects;

/// <summary>An event: it marks the place in a stream where it was last recorded.</summary>
internal sealed class DriverEvent(DriverContext context, uint flags) : ContextObject(context)
{
    private volatile EventRecording? _recording;

    /// <summary>Where in a capture the event was last recorded; null when it was recorded in a stream that is not captured.</summary>
    public CapturedRecording? Captured { get; set; }

    public bool HasTiming => (flags & (uint)CUevent_flags.CU_EVENT_DISABLE_TIMING) == 0;

    /// <summary>The last recording, or null before the first.</summary>
    public EventRecording? Recording
    {
        get => _recording;
        set => _recording = value;
    }
}
