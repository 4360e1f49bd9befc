using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Handles between programs are tokens of the server: what one client of a server exports another client of the same server opens.
public sealed unsafe partial class RemoteDriver
{
    private const uint LazyPeerAccess = 1; // CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS, without which nothing is opened.

    private readonly Lock _importLock = new();
    private readonly Dictionary<UInt128, (ulong Address, int Count)> _imports = [];

    /// <inheritdoc/>
    public override CUresult cuIpcGetMemHandle(CUipcMemHandle_v1* pHandle, CUdeviceptr dptr)
    {
        bool shareable = _session.Ranges.TryFind(dptr.Value, out DeviceRange range) && range is { Pool: 0, Reserved: null, IsImported: false, Owner: 0 };
        return pHandle == null || !shareable
            ? Local(CUresult.CUDA_ERROR_INVALID_VALUE)
            : GetToken(CallId.cuIpcGetMemHandle, range.Base, 0, (byte*)pHandle);
    }

    /// <inheritdoc/>
    public override CUresult cuIpcOpenMemHandle_v2(CUdeviceptr* pdptr, CUipcMemHandle_v1 handle, uint Flags)
    {
        if (pdptr == null || Flags != LazyPeerAccess)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (Context(default) is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);
        }

        if (ShareToken.Read(new ReadOnlySpan<byte>(&handle, ShareToken.Size), (byte)'M') is not UInt128 token)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        lock (_importLock)
        {
            // Opened once more it is where it was, and has to be closed once more.
            if (_imports.TryGetValue(token, out (ulong Address, int Count) open) && !IsImported(open.Address))
            {
                _imports.Remove(token); // It went with its context.
                open = default;
            }

            if (open.Count > 0)
            {
                _imports[token] = (open.Address, open.Count + 1);
                return Local(pdptr, new CUdeviceptr(open.Address));
            }

            try
            {
                var call = new Call(_session, CallId.cuIpcOpenMemHandle_v2);
                call.WriteStruct(&handle);
                CUresult status = call.Invoke();
                if (status == CUresult.CUDA_SUCCESS)
                {
                    ulong address = call.ReadUInt64();
                    ulong bytes = call.ReadUInt64();
                    int device = call.ReadInt32();
                    call.End();
                    _imports.Add(token, (address, 1));
                    *pdptr = Adopt(new DeviceRange(address, bytes, Current, NextBuffer()) { Device = device, IsImported = true });
                }

                return status;
            }
            catch (Exception failure)
            {
                return _session.Failed(CallId.cuIpcOpenMemHandle_v2, failure);
            }
        }
    }

    /// <inheritdoc/>
    public override CUresult cuIpcCloseMemHandle(CUdeviceptr dptr)
    {
        lock (_importLock)
        {
            if (_imports.FirstOrDefault(pair => pair.Value.Address == dptr.Value) is not { Value.Count: > 0 } import)
            {
                return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
            }

            if (import.Value.Count > 1)
            {
                _imports[import.Key] = (dptr.Value, import.Value.Count - 1);
                return Local(CUresult.CUDA_SUCCESS);
            }

            try
            {
                var call = new Call(_session, CallId.cuIpcCloseMemHandle);
                call.Write(dptr.Value);
                CUresult status = PostOrInvoke(ref call, post: false);
                // What ended with its context cannot be closed any more, and is no longer open.
                _imports.Remove(import.Key);
                _session.Ranges.RemoveImported(dptr.Value);
                return status;
            }
            catch (Exception failure)
            {
                return _session.Failed(CallId.cuIpcCloseMemHandle, failure);
            }
        }
    }

    /// <inheritdoc/>
    public override CUresult cuIpcGetEventHandle(CUipcEventHandle_v1* pHandle, CUevent @event)
    {
        if (Handles.Check(@event.Value, HandleKind.CUevent) is not CUresult.CUDA_SUCCESS and var invalid)
        {
            return Local(invalid);
        }

        return pHandle == null
            ? Local(CUresult.CUDA_ERROR_INVALID_VALUE)
            : GetToken(CallId.cuIpcGetEventHandle, (ulong)@event.Value, 0, (byte*)pHandle);
    }

    /// <inheritdoc/>
    public override CUresult cuIpcOpenEventHandle(CUevent* phEvent, CUipcEventHandle_v1 handle)
    {
        if (phEvent == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (ShareToken.Read(new ReadOnlySpan<byte>(&handle, ShareToken.Size), (byte)'E') is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        try
        {
            var call = new Call(_session, CallId.cuIpcOpenEventHandle);
            nint id = call.WriteNewHandle(HandleKind.CUevent);
            call.WriteStruct(&handle);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                *phEvent = new CUevent(id);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuIpcOpenEventHandle, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemExportToShareableHandle(void* shareableHandle, ulong handle, CUmemAllocationHandleType handleType, ulong flags)
    {
        if (shareableHandle == null || flags != 0 || Handles.Find<AllocationInfo>((nint)handle) is not AllocationInfo info
            || (info.Properties.requestedHandleTypes & handleType) == 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        byte* token = stackalloc byte[ShareToken.Size];
        CUresult status = GetToken(CallId.cuMemExportToShareableHandle, handle, (uint)handleType, token, info.Bytes);
        return status == CUresult.CUDA_SUCCESS
            ? ShareableHandle.Give(shareableHandle, handleType, new ReadOnlySpan<byte>(token, ShareToken.Size))
            : status;
    }

    /// <inheritdoc/>
    public override CUresult cuMemImportFromShareableHandle(ulong* handle, void* osHandle, CUmemAllocationHandleType shHandleType)
    {
        byte* token = stackalloc byte[ShareToken.Size];
        if (handle == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (ShareableHandle.Take(osHandle, shHandleType, (byte)'A', new Span<byte>(token, ShareToken.Size)) is not CUresult.CUDA_SUCCESS and var none)
        {
            return Local(none);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemImportFromShareableHandle);
            nint id = call.WriteNewHandle(IntegerHandles.Allocation);
            call.WriteArray(token, ShareToken.Size);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                ulong size = call.ReadUInt64();
                CUmemAllocationProp_v1 properties;
                call.ReadStruct(&properties);
                call.End();
                properties.win32HandleMetaData = null;
                Handles.Add(id, new AllocationInfo(size, properties, NextBuffer()));
                *handle = (ulong)id;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemImportFromShareableHandle, failure);
        }
    }

    private bool IsImported(ulong address) => _session.Ranges.TryFind(address, out DeviceRange range) && range.IsImported;

    // The server's token for an address or a handle.
    private CUresult GetToken(uint callId, ulong value, uint type, byte* token, ulong bytes = 0)
    {
        try
        {
            var call = new Call(_session, callId);
            call.Write(value);
            call.Write(type);
            call.Write(bytes);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                nuint read = call.ReadArray(token, ShareToken.Size);
                call.End();
                if (read != ShareToken.Size)
                {
                    ProtocolException.Throw($"a token of {read} bytes");
                }
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
