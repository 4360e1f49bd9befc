namespace CudaRpc.Client;

/// <summary>A stream of a green context: the context that it ends with is the primary one below.</summary>
internal sealed class GreenStreamInfo(nint primary, nint green) : HandleInfo(HandleKind.CUstream, primary)
{
    /// <summary>The green context's handle; that may have ended.</summary>
    public nint Green { get; } = green;
}
