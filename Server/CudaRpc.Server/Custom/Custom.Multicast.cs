using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    public static void cuMulticastCreate(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(IntegerHandles.Allocation);
        CUmulticastObjectProp_v1* properties = call.ReadStruct<CUmulticastObjectProp_v1>();
        if (!call.Begin())
        {
            return;
        }

        ulong handle;
        CUresult status = driver.cuMulticastCreate(&handle, properties);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, (nint)handle);
        }

        call.Reply(status);
    }

    public static void cuMulticastAddDevice(CudaDriver driver, ref ServerCall call)
    {
        nint handle = call.ReadHandle(IntegerHandles.Allocation);
        int device = checked((int)call.ReadUInt64());
        if (call.Begin())
        {
            call.Reply(driver.cuMulticastAddDevice((ulong)handle, device));
        }
    }

    public static void cuMulticastBindMem(CudaDriver driver, ref ServerCall call)
    {
        nint handle = call.ReadHandle(IntegerHandles.Allocation);
        nuint offset = call.ReadNUInt();
        nint memory = call.ReadHandle(IntegerHandles.Allocation);
        nuint memoryOffset = call.ReadNUInt();
        nuint size = call.ReadNUInt();
        ulong flags = call.ReadUInt64();
        if (call.Begin())
        {
            call.Reply(driver.cuMulticastBindMem((ulong)handle, offset, (ulong)memory, memoryOffset, size, flags));
        }
    }

    public static void cuMulticastBindAddr(CudaDriver driver, ref ServerCall call)
    {
        nint handle = call.ReadHandle(IntegerHandles.Allocation);
        nuint offset = call.ReadNUInt();
        var address = new CUdeviceptr(call.ReadUInt64());
        nuint size = call.ReadNUInt();
        ulong flags = call.ReadUInt64();
        if (call.Begin())
        {
            call.Reply(call.Session.Mappings.IsReserved(address.Value, size)
                ? driver.cuMulticastBindAddr((ulong)handle, offset, address, size, flags)
                : CUresult.CUDA_ERROR_INVALID_VALUE);
        }
    }

    public static void cuMulticastUnbind(CudaDriver driver, ref ServerCall call)
    {
        nint handle = call.ReadHandle(IntegerHandles.Allocation);
        int device = checked((int)call.ReadUInt64());
        nuint offset = call.ReadNUInt();
        nuint size = call.ReadNUInt();
        if (call.Begin())
        {
            call.Reply(driver.cuMulticastUnbind((ulong)handle, device, offset, size));
        }
    }
}
