namespace CudaRpc.Protocol;

/// <summary>One's own arguments or results do not fit a frame. Nothing has been sent: it costs the call only.</summary>
internal sealed class FrameTooLargeException(long bytes, int maximum)
    : Exception($"{bytes} bytes of arguments; at most {maximum} fit a frame");
