using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.Server;

// Every address that a client names must lie in a range that its session reserved: on a shared driver others' mappings are not far.
internal static unsafe partial class Custom
{
    public static void cuMemAddressReserve(CudaDriver driver, ref ServerCall call)
    {
        nuint size = call.ReadNUInt();
        nuint alignment = call.ReadNUInt();
        var wanted = new CUdeviceptr(call.ReadUInt64());
        if (!call.Begin())
        {
            return;
        }

        CUdeviceptr address = default;
        CUresult status = call.Session.Mappings.HasRoom
            ? driver.cuMemAddressReserve(&address, size, alignment, wanted, 0)
            : CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Session.Mappings.Reserve(address.Value, size);
        }

        if (call.Reply(status))
        {
            call.Write(address.Value);
        }
    }

    public static void cuMemAddressFree(CudaDriver driver, ref ServerCall call)
    {
        var address = new CUdeviceptr(call.ReadUInt64());
        nuint size = call.ReadNUInt();
        if (!call.Begin())
        {
            return;
        }

        if (!call.Session.Mappings.Free(address.Value, size))
        {
            call.Reply(CUresult.CUDA_ERROR_INVALID_VALUE);
            return;
        }

        CUresult status = driver.cuMemAddressFree(address, size);
        if (status != CUresult.CUDA_SUCCESS)
        {
            call.Session.Mappings.Reserve(address.Value, size);
        }

        call.Reply(status);
    }

    public static void cuMemCreate(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(IntegerHandles.Allocation);
        nuint size = call.ReadNUInt();
        CUmemAllocationProp_v1* properties = call.ReadStruct<CUmemAllocationProp_v1>();
        properties->win32HandleMetaData = null;
        if (!call.Begin())
        {
            return;
        }

        ulong handle = 0;
        CUresult status = driver.cuMemCreate(&handle, size, properties, 0);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            call.Session.Releases.WaitUntilEmpty();
            status = driver.cuMemCreate(&handle, size, properties, 0);
        }

        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, (nint)handle);
        }

        call.Reply(status);
    }

    public static void cuMemRelease(CudaDriver driver, ref ServerCall call)
    {
        nint handle = call.ReadHandle(IntegerHandles.Allocation, out nint id);
        if (!call.Begin())
        {
            return;
        }

        CUresult status = driver.cuMemRelease((ulong)handle);
        if (status == CUresult.CUDA_SUCCESS)
        {
            if (driver is not SimulatedDriver)
            {
                // The real driver opens it by this handle alone, and may give its number to other memory.
                call.Session.Shares.Withdraw(call.Session, SharedKind.Allocation, (ulong)handle);
            }

            call.Release(id);
        }

        call.Reply(status);
    }

    public static void cuMemMap(CudaDriver driver, ref ServerCall call)
    {
        var address = new CUdeviceptr(call.ReadUInt64());
        nuint size = call.ReadNUInt();
        nint handle = call.ReadHandle(IntegerHandles.Allocation);
        if (!call.Begin())
        {
            return;
        }

        if (!call.Session.Mappings.IsReserved(address.Value, size))
        {
            call.Reply(CUresult.CUDA_ERROR_INVALID_VALUE);
            return;
        }

        CUresult status = call.Session.Mappings.HasRoom
            ? driver.cuMemMap(address, size, 0, (ulong)handle, 0)
            : CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Session.Mappings.Map(address.Value, size);
        }

        call.Reply(status);
    }

    public static void cuMemUnmap(CudaDriver driver, ref ServerCall call)
    {
        var address = new CUdeviceptr(call.ReadUInt64());
        nuint size = call.ReadNUInt();
        if (!call.Begin())
        {
            return;
        }

        CUresult status = call.Session.Mappings.IsReserved(address.Value, size)
            ? driver.cuMemUnmap(address, size)
            : CUresult.CUDA_ERROR_INVALID_VALUE;
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Session.Mappings.Unmap(address.Value, size);
        }

        call.Reply(status);
    }

    public static void cuMemSetAccess(CudaDriver driver, ref ServerCall call)
    {
        var address = new CUdeviceptr(call.ReadUInt64());
        nuint size = call.ReadNUInt();
        CUmemAccessDesc_v1* access = call.ReadArray<CUmemAccessDesc_v1>(out nuint count);
        if (call.Begin())
        {
            call.Reply(call.Session.Mappings.IsReserved(address.Value, size)
                ? driver.cuMemSetAccess(address, size, access, count)
                : CUresult.CUDA_ERROR_INVALID_VALUE);
        }
    }

    public static void cuMemGetAllocationGranularity(CudaDriver driver, ref ServerCall call)
    {
        CUmemAllocationProp_v1* properties = call.ReadStruct<CUmemAllocationProp_v1>();
        properties->win32HandleMetaData = null;
        var option = (CUmemAllocationGranularity_flags)call.ReadInt32();
        if (!call.Begin())
        {
            return;
        }

        nuint granularity;
        if (call.Reply(driver.cuMemGetAllocationGranularity(&granularity, properties, option)))
        {
            call.Write(granularity);
        }
    }

    public static void cuMemRetainAllocationHandle(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(IntegerHandles.Allocation);
        ulong address = call.ReadUInt64();
        if (!call.Begin())
        {
            return;
        }

        ulong handle = 0;
        CUresult status = call.Session.Mappings.IsReserved(address, 1)
            ? driver.cuMemRetainAllocationHandle(&handle, (void*)address)
            : CUresult.CUDA_ERROR_INVALID_VALUE;
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, (nint)handle);
        }

        call.Reply(status);
    }
}
