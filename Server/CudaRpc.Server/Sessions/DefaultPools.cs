using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

/// <summary>
/// The default memory pools of one session, which the client knows without creating them. Of a driver of its own they are the driver's; of a
/// driver that sessions share each session gets pools of its own, so that one's threshold and counters are not another's. Any thread.
/// </summary>
internal sealed class DefaultPools(CudaDriver driver, ServerHandles handles)
{
    private readonly Lock _lock = new();

    /// <summary>The driver's value of a device's pool, made on first use. The driver's refusal where it has none.</summary>
    public unsafe CUresult Find(int device, out nint native)
    {
        nint id = HandleId.DefaultPool(device);
        lock (_lock)
        {
            if (handles.TryResolve(id, out native))
            {
                return CUresult.CUDA_SUCCESS;
            }

            CUmemoryPool pool = default;
            CUresult status = driver is IDisposable ? driver.cuDeviceGetDefaultMemPool(&pool, device) : Create(device, &pool);
            if (status == CUresult.CUDA_SUCCESS)
            {
                native = pool.Value;
                handles.TryAdd(id, new ServerHandle(native, 0, 0));
            }

            return status;
        }
    }

    private unsafe CUresult Create(int device, CUmemoryPool* pool)
    {
        var properties = new CUmemPoolProps_v1
        {
            allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED,
            location = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, id = device },
        };
        return driver.cuMemPoolCreate(pool, &properties);
    }
}
