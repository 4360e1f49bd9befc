using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    public static void cuMemPoolCreate(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUmemoryPool);
        CUmemPoolProps_v1* properties = call.ReadStruct<CUmemPoolProps_v1>();
        properties->win32SecurityAttributes = null;
        if (HandleId.DefaultPoolDevice(id) is not null)
        {
            call.Malformed($"handle 0x{id:x} is a default pool's");
        }

        if (!call.Begin())
        {
            return;
        }

        CUmemoryPool pool;
        CUresult status = driver.cuMemPoolCreate(&pool, properties);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, pool.Value);
        }

        call.Reply(status);
    }

    public static void cuMemPoolDestroy(CudaDriver driver, ref ServerCall call)
    {
        call.ReadHandle(HandleKind.CUmemoryPool, out nint id);
        if (!call.Begin())
        {
            return;
        }

        if (HandleId.DefaultPoolDevice(id) is not null || !call.Session.Handles.TryTake(id, out ServerHandle handle))
        {
            call.Reply(CUresult.CUDA_ERROR_INVALID_VALUE);
            return;
        }

        call.Reply(call.Session.IsKeptForOthers(id, handle) ? CUresult.CUDA_SUCCESS : driver.cuMemPoolDestroy(new CUmemoryPool(handle.Native)));
    }

    public static void cuMemPoolTrimTo(CudaDriver driver, ref ServerCall call)
    {
        var pool = new CUmemoryPool(call.ReadHandle(HandleKind.CUmemoryPool, out nint id));
        nuint keep = call.ReadNUInt();
        if (call.Begin())
        {
            call.Reply(IsAnothers(ref call, id) ? CUresult.CUDA_SUCCESS : driver.cuMemPoolTrimTo(pool, keep));
        }
    }

    public static void cuMemPoolGetAttribute(CudaDriver driver, ref ServerCall call)
    {
        var pool = new CUmemoryPool(call.ReadHandle(HandleKind.CUmemoryPool));
        var attribute = (CUmemPool_attribute)call.ReadInt32();
        if (!call.Begin())
        {
            return;
        }

        // No attribute is wider; the narrow ones are its low bytes.
        ulong value = 0;
        if (call.Reply(driver.cuMemPoolGetAttribute(pool, attribute, &value)))
        {
            call.Write(value);
        }
    }

    public static void cuMemPoolSetAttribute(CudaDriver driver, ref ServerCall call)
    {
        var pool = new CUmemoryPool(call.ReadHandle(HandleKind.CUmemoryPool, out nint id));
        var attribute = (CUmemPool_attribute)call.ReadInt32();
        ulong value = call.ReadUInt64();
        if (call.Begin())
        {
            call.Reply(IsAnothers(ref call, id) ? CUresult.CUDA_SUCCESS : driver.cuMemPoolSetAttribute(pool, attribute, &value));
        }
    }

    // The client says which pool, also where it is the device's default one: a driver without pools has none and allocates all the same.
    public static void cuMemAllocAsync(CudaDriver driver, ref ServerCall call)
    {
        nuint bytes = call.ReadNUInt();
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        nint id = (nint)call.ReadInt64();
        nint pool = 0;
        if (HandleId.DefaultPoolDevice(id) is int device)
        {
            call.Session.DefaultPools.Find(device, out pool);
        }
        else
        {
            pool = call.Resolve(id, HandleKind.CUmemoryPool);
            if (IsAnothers(ref call, id))
            {
                call.Refuse(CUresult.CUDA_ERROR_INVALID_VALUE);
            }
        }

        if (!call.Begin())
        {
            return;
        }

        CUdeviceptr address;
        CUresult status = Allocate(driver, &address, bytes, pool, stream);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            call.Session.Releases.WaitUntilEmpty();
            status = Allocate(driver, &address, bytes, pool, stream);
        }

        if (status == CUresult.CUDA_SUCCESS)
        {
            // Memory of a pool outlives the context whose stream asked for it.
            call.Session.Own(address.Value, new DeviceBlock(bytes, pool == 0 ? call.CurrentContext : 0, StreamOrdered: true));
        }

        if (call.Reply(status))
        {
            call.Write(address.Value);
        }
    }

    // How much an imported pool keeps is its owner's to say, in CUDA too, where saying it has no effect.
    private static bool IsAnothers(ref ServerCall call, nint id) => call.Session.Handles.ImportOf(id) is not null;

    private static CUresult Allocate(CudaDriver driver, CUdeviceptr* address, nuint bytes, nint pool, CUstream stream) =>
        pool == 0
            ? driver.cuMemAllocAsync(address, bytes, stream)
            : driver.cuMemAllocFromPoolAsync(address, bytes, new CUmemoryPool(pool), stream);
}
