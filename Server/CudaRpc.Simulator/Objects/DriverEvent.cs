using CudaRpc.Simulator.Graphs;

namespace CudaRpc.Simulator.Objects;

/// <summary>An event: it marks the place in a stream where it was last recorded.</summary>
internal sealed class DriverEvent(DriverContext context, uint flags, EventState? state = null) : ContextObject(context)
{
    public uint Flags { get; } = flags;

    /// <summary>Where in a capture the event was last recorded; null when it was recorded in a stream that is not captured.</summary>
    public CapturedRecording? Captured { get; set; }

    public EventState State { get; } = state ?? new EventState();

    public bool IsInterprocess => (Flags & (uint)CUevent_flags.CU_EVENT_INTERPROCESS) != 0;

    public bool HasTiming => (Flags & (uint)CUevent_flags.CU_EVENT_DISABLE_TIMING) == 0;

    /// <summary>The last recording, or null before the first.</summary>
    public EventRecording? Recording
    {
        get => State.Recording;
        set => State.Recording = value;
    }
}
