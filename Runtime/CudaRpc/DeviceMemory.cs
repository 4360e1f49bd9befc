using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>Memory of a device, whatever it holds.</summary>
public abstract class DeviceMemory : CudaResource
{
    private protected DeviceMemory(CudaContext context, CUdeviceptr address)
        : base(context) => Start = address;

    private protected DeviceMemory(CudaContext context, CudaResource owner, CUdeviceptr address)
        : base(context, owner) => Start = address;

    /// <summary>Where the memory starts, in the device's address space.</summary>
    /// <exception cref="ObjectDisposedException">The memory has been freed.</exception>
    public CUdeviceptr Address
    {
        get
        {
            ThrowIfDisposed();
            return Start;
        }
    }

    /// <summary>Size in bytes.</summary>
    public abstract long ByteLength { get; }

    private protected CUdeviceptr Start { get; }

    internal override void Free(CudaDriver driver) => driver.cuMemFree_v2(Start);
}
