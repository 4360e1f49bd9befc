using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Simulator;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Server;

// What sessions of one server share. Where each has a driver of its own, the simulated one, the object is shown to the other driver; where
// they share one, the real one, it is there already, and only its end has to wait for the last who uses it.
internal static unsafe partial class Custom
{
    public static void cuIpcGetMemHandle(CudaDriver driver, ref ServerCall call)
    {
        ulong address = call.ReadUInt64();
        _ = call.ReadUInt32();
        _ = call.ReadUInt64();
        if (!call.Begin())
        {
            return;
        }

        // Memory of pools has handles of its own.
        if (!call.Session.TryFindBlock(address, out DeviceBlock block) || block.Context == 0)
        {
            call.Reply(CUresult.CUDA_ERROR_INVALID_VALUE);
            return;
        }

        ReplyToken(ref call, (byte)'M', new SharedObject(call.Session, SharedKind.Memory, address, block.Bytes));
    }

    public static void cuIpcOpenMemHandle_v2(CudaDriver driver, ref ServerCall call)
    {
        SharedObject? shared = FindShared(ref call, call.ReadArray<byte>(out nuint length), length, (byte)'M', SharedKind.Memory);
        if (!call.Begin())
        {
            return;
        }

        CUdeviceptr address = default;
        int device = 0;
        CUresult status = Open(driver, call.Session, shared, &address);
        if (status == CUresult.CUDA_SUCCESS)
        {
            driver.cuPointerGetAttribute(&device, CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, address);
        }

        if (call.Reply(status))
        {
            call.Write(address.Value);
            call.Write(shared!.Bytes);
            call.Write(device);
        }
    }

    public static void cuIpcCloseMemHandle(CudaDriver driver, ref ServerCall call)
    {
        var address = new CUdeviceptr(call.ReadUInt64());
        if (!call.Begin())
        {
            return;
        }

        if (!call.Session.Imports.TryRemove(address.Value, out SharedObject? shared))
        {
            call.Reply(CUresult.CUDA_ERROR_INVALID_VALUE);
            return;
        }

        CUresult status = CUresult.CUDA_SUCCESS;
        if (driver is SimulatedDriver own)
        {
            status = own.CloseImported(address);
        }
        else
        {
            driver.cuCtxSynchronize();
            SharedObjects.Close(shared, driver);
        }

        call.Reply(status);
    }

    public static void cuIpcGetEventHandle(CudaDriver driver, ref ServerCall call)
    {
        nint native = call.Resolve((nint)call.ReadUInt64(), HandleKind.CUevent);
        _ = call.ReadUInt32();
        _ = call.ReadUInt64();
        if (!call.Begin())
        {
            return;
        }

        // An event of the real driver cannot be opened in the process that made it, and both sessions are in the server's.
        CUresult status = driver is SimulatedDriver own ? own.CheckInterprocess(new CUevent(native)) : CUresult.CUDA_ERROR_NOT_SUPPORTED;
        if (status != CUresult.CUDA_SUCCESS)
        {
            call.Reply(status);
            return;
        }

        ReplyToken(ref call, (byte)'E', new SharedObject(call.Session, SharedKind.Event, (ulong)native, 0));
    }

    public static void cuIpcOpenEventHandle(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUevent);
        SharedObject? shared = FindShared(ref call, call.ReadArray<byte>(out nuint length), length, (byte)'E', SharedKind.Event);
        if (!call.Begin())
        {
            return;
        }

        CUevent opened = default;
        CUresult status = shared is null ? CUresult.CUDA_ERROR_INVALID_HANDLE
            : shared.Owner == call.Session ? CUresult.CUDA_ERROR_INVALID_CONTEXT
            : driver is SimulatedDriver own && shared.Owner.Driver is SimulatedDriver exporter
                ? own.ImportEvent(exporter, new CUevent((nint)shared.Value), &opened)
                : CUresult.CUDA_ERROR_NOT_SUPPORTED;
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, opened.Value);
        }

        call.Reply(status);
    }

    public static void cuMemExportToShareableHandle(CudaDriver driver, ref ServerCall call)
    {
        nint native = call.Resolve((nint)call.ReadUInt64(), IntegerHandles.Allocation);
        var type = (CUmemAllocationHandleType)call.ReadUInt32();
        ulong bytes = call.ReadUInt64();
        if (!call.Begin())
        {
            return;
        }

        PhysicalAllocation? physical = null;
        CUresult status = driver is SimulatedDriver own
            ? own.ExportAllocation((ulong)native, type, out physical)
            : CUresult.CUDA_SUCCESS; // The real driver is asked when somebody opens it.
        if (status != CUresult.CUDA_SUCCESS)
        {
            call.Reply(status);
            return;
        }

        ReplyToken(ref call, (byte)'A', new SharedObject(call.Session, SharedKind.Allocation, (ulong)native, bytes) { Physical = physical });
    }

    public static void cuMemImportFromShareableHandle(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(IntegerHandles.Allocation);
        SharedObject? shared = FindShared(ref call, call.ReadArray<byte>(out nuint length), length, (byte)'A', SharedKind.Allocation);
        if (!call.Begin())
        {
            return;
        }

        ulong handle = 0;
        CUresult status = shared is null ? CUresult.CUDA_ERROR_INVALID_HANDLE
            : driver is SimulatedDriver own && shared.Physical is PhysicalAllocation physical ? own.ImportAllocation(physical, &handle)
            : driver == shared.Owner.Driver ? Reimport(driver, shared, &handle)
            : CUresult.CUDA_ERROR_NOT_SUPPORTED;
        CUmemAllocationProp_v1 properties = default;
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, (nint)handle);
            driver.cuMemGetAllocationPropertiesFromHandle(&properties, handle);
            properties.win32HandleMetaData = null;
        }

        if (call.Reply(status))
        {
            call.Write(shared!.Bytes);
            call.WriteStruct(&properties);
        }
    }

    private static CUresult Open(CudaDriver driver, ServerSession session, SharedObject? shared, CUdeviceptr* address)
    {
        if (shared is null)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        // As in CUDA, whose processes are our sessions.
        if (shared.Owner == session)
        {
            return CUresult.CUDA_ERROR_INVALID_CONTEXT;
        }

        lock (shared)
        {
            if (shared.IsWithdrawn)
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            *address = new CUdeviceptr(shared.Value);
            CUresult status = driver == shared.Owner.Driver ? CUresult.CUDA_SUCCESS
                : driver is SimulatedDriver own && shared.Owner.Driver is SimulatedDriver exporter
                    ? own.ImportMemory(exporter, new CUdeviceptr(shared.Value), address)
                    : CUresult.CUDA_ERROR_NOT_SUPPORTED;
            if (status == CUresult.CUDA_SUCCESS && !session.Imports.TryAdd(address->Value, shared))
            {
                return CUresult.CUDA_ERROR_ALREADY_MAPPED;
            }

            // Memory with an address of its own does not hold up the owner's.
            shared.Imports += status == CUresult.CUDA_SUCCESS && driver == shared.Owner.Driver ? 1 : 0;
            return status;
        }
    }

    // Within the server's process the driver's own descriptor goes no further than this.
    private static CUresult Reimport(CudaDriver driver, SharedObject shared, ulong* handle)
    {
        int file;
        const CUmemAllocationHandleType Type = CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        CUresult status = driver.cuMemExportToShareableHandle(&file, shared.Value, Type, 0);
        if (status == CUresult.CUDA_SUCCESS)
        {
            using var owned = new Microsoft.Win32.SafeHandles.SafeFileHandle(file, ownsHandle: true);
            status = driver.cuMemImportFromShareableHandle(handle, (void*)(nint)file, Type);
        }

        return status;
    }

    private static SharedObject? FindShared(ref ServerCall call, byte* token, nuint length, byte mark, SharedKind kind)
    {
        if (length != ShareToken.Size)
        {
            call.Malformed($"a token of {length} bytes");
        }

        return ShareToken.Read(new ReadOnlySpan<byte>(token, ShareToken.Size), mark) is UInt128 number ? call.Session.Shares.Find(number, kind) : null;
    }

    private static void ReplyToken(ref ServerCall call, byte mark, SharedObject shared)
    {
        byte* token = call.Scratch<byte>(ShareToken.Size);
        ShareToken.Write(new Span<byte>(token, ShareToken.Size), mark, call.Session.Shares.Export(shared));
        if (call.Reply(CUresult.CUDA_SUCCESS))
        {
            call.WriteArray(token, ShareToken.Size);
        }
    }
}
