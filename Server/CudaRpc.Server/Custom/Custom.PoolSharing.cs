using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Server;

// Memory pools between sessions. Sessions with a driver each, the simulated one, have theirs import what the other's exports; so does a
// session that imports what is its own. Where sessions share a driver, the real one, which is one process to it, they share the pool itself,
// and its memory under one address: what ends last frees it.
internal static unsafe partial class Custom
{
    public static void cuMemPoolExportToShareableHandle(CudaDriver driver, ref ServerCall call)
    {
        nint native = call.ReadHandle(HandleKind.CUmemoryPool, out nint id);
        uint device = call.ReadUInt32();
        _ = call.ReadUInt64();
        if (!call.Begin())
        {
            return;
        }

        int devices;
        if (driver.cuDeviceGetCount(&devices) == CUresult.CUDA_SUCCESS && device >= devices)
        {
            call.Malformed($"a memory pool on device {device} of {devices}");
        }

        // Whether the pool was made for it is known to the client, and asked of the driver when it imports.
        if (IsAnothers(ref call, id) || HandleId.DefaultPoolDevice(id) is not null)
        {
            call.Reply(CUresult.CUDA_ERROR_INVALID_VALUE);
            return;
        }

        ReplyToken(ref call, (byte)'P', new SharedObject(call.Session, SharedKind.Pool, (ulong)native, 0) { Device = (int)device });
    }

    public static void cuMemPoolImportFromShareableHandle(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUmemoryPool);
        var type = (CUmemAllocationHandleType)call.ReadUInt32();
        SharedObject? shared = FindShared(ref call, call.ReadArray<byte>(out nuint length), length, (byte)'P', SharedKind.Pool);
        if (HandleId.DefaultPoolDevice(id) is not null)
        {
            call.Malformed($"handle 0x{id:x} is a default pool's");
        }

        if (!call.Begin())
        {
            return;
        }

        CUresult status = shared is null ? CUresult.CUDA_ERROR_INVALID_VALUE
            : IsSharedBetween(call.Session, shared) ? JoinPool(ref call, id, shared)
            : ImportPool(driver, ref call, id, shared, type);
        if (call.Reply(status))
        {
            call.Write(shared!.Device);
        }
    }

    public static void cuMemPoolExportPointer(CudaDriver driver, ref ServerCall call)
    {
        ulong address = call.ReadUInt64();
        _ = call.ReadUInt32();
        nint pool = call.ReadHandle(HandleKind.CUmemoryPool, out nint id);
        if (!call.Begin())
        {
            return;
        }

        if (IsAnothers(ref call, id) || !call.Session.TryFindBlock(address, out DeviceBlock block) || block.Context != 0)
        {
            call.Reply(CUresult.CUDA_ERROR_INVALID_VALUE);
            return;
        }

        ReplyToken(ref call, (byte)'Q', new SharedObject(call.Session, SharedKind.PoolMemory, address, block.Bytes) { Pool = pool });
    }

    public static void cuMemPoolImportPointer(CudaDriver driver, ref ServerCall call)
    {
        nint pool = call.ReadHandle(HandleKind.CUmemoryPool, out nint id);
        SharedObject? shared = FindShared(ref call, call.ReadArray<byte>(out nuint length), length, (byte)'Q', SharedKind.PoolMemory);
        if (!call.Begin())
        {
            return;
        }

        CUdeviceptr address = default;
        CUresult status = shared is null ? CUresult.CUDA_ERROR_INVALID_VALUE
            : IsSharedBetween(call.Session, shared) ? JoinMemory(call.Session, id, shared, &address)
            : ImportMemory(driver, call.Session, new CUmemoryPool(pool), shared, &address);
        if (call.Reply(status))
        {
            call.Write(address.Value);
            call.Write(shared!.Bytes);
        }
    }

    private static bool IsSharedBetween(ServerSession session, SharedObject shared) =>
        session != shared.Owner && session.Driver == shared.Owner.Driver;

    private static CUresult JoinPool(ref ServerCall call, nint id, SharedObject shared)
    {
        lock (shared)
        {
            if (shared.IsWithdrawn)
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            if (!call.Session.Handles.TryAdd(id, new ServerHandle((nint)shared.Value, 0, 0) { Import = shared }))
            {
                call.Malformed($"handle 0x{id:x} exists already");
            }

            shared.Imports++;
            return CUresult.CUDA_SUCCESS;
        }
    }

    // Within the server's process the driver's own handle goes no further than this.
    private static CUresult ImportPool(CudaDriver driver, ref ServerCall call, nint id, SharedObject shared, CUmemAllocationHandleType type)
    {
        byte* handle = stackalloc byte[ShareToken.Size];
        if (shared.Owner.Driver.cuMemPoolExportToShareableHandle(handle, new CUmemoryPool((nint)shared.Value), type, 0) != CUresult.CUDA_SUCCESS)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        bool isFile = type == CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        using SafeFileHandle? file = isFile ? new SafeFileHandle(*(int*)handle, ownsHandle: true) : null;
        CUmemoryPool imported;
        CUresult status = driver.cuMemPoolImportFromShareableHandle(&imported, isFile ? (void*)file!.DangerousGetHandle() : handle, type, 0);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, imported.Value);
        }

        return status;
    }

    private static CUresult JoinMemory(ServerSession session, nint pool, SharedObject shared, CUdeviceptr* address)
    {
        if (session.Handles.ImportOf(pool) is not SharedObject imported || imported.Owner != shared.Owner || imported.Value != (ulong)shared.Pool)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        lock (shared)
        {
            if (shared.IsWithdrawn)
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            if (!session.TryOwn(shared.Value, new DeviceBlock(shared.Bytes, 0, StreamOrdered: true) { Import = shared }))
            {
                return CUresult.CUDA_ERROR_ALREADY_MAPPED;
            }

            shared.Imports++;
            *address = new CUdeviceptr(shared.Value);
            return CUresult.CUDA_SUCCESS;
        }
    }

    private static CUresult ImportMemory(CudaDriver driver, ServerSession session, CUmemoryPool pool, SharedObject shared, CUdeviceptr* address)
    {
        CUmemPoolPtrExportData_v1 exported;
        if (shared.Owner.Driver.cuMemPoolExportPointer(&exported, new CUdeviceptr(shared.Value)) != CUresult.CUDA_SUCCESS)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUresult status = driver.cuMemPoolImportPointer(address, pool, &exported);
        if (status == CUresult.CUDA_SUCCESS)
        {
            session.Own(address->Value, new DeviceBlock(shared.Bytes, 0, StreamOrdered: true));
        }

        return status;
    }
}
