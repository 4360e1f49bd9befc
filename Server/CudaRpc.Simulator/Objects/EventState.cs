namespace CudaRpc.Simulator.Objects;

/// <summary>Where an event was last recorded; events of several drivers may share it.</summary>
internal sealed class EventState
{
    private volatile EventRecording? _recording;

    /// <summary>The last recording, or null before the first.</summary>
    public EventRecording? Recording
    {
        get => _recording;
        set => _recording = value;
    }
}
