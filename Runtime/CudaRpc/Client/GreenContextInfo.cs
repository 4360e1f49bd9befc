using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>A green context: its device, and its handle as a CUcontext. It ends with the device's primary context at the latest.</summary>
internal sealed class GreenContextInfo(int device, nint primary, CUcontext context) : HandleInfo(HandleKind.CUgreenCtx, primary)
{
    public int Device { get; } = device;

    public CUcontext Context { get; } = context;
}
