using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Variables of modules are device memory that nobody allocated: it ends with the module or library that brought it.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuModuleGetGlobal_v2(CUdeviceptr* dptr, nuint* bytes, CUmodule hmod, byte* name)
    {
        if (name == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Handles.Find(hmod.Value) is not { Kind: HandleKind.CUmodule } module)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (Handles.Find(module.Parent) is not { Kind: HandleKind.CUlibrary } library)
        {
            return GetVariable(CallId.cuModuleGetGlobal_v2, dptr, bytes, hmod.Value, name, hmod.Value, new CUcontext(module.Parent));
        }

        nint context = library.Made.FirstOrDefault(made => made.Value == hmod.Value).Key.Context;
        return GetVariable(CallId.cuModuleGetGlobal_v2, dptr, bytes, hmod.Value, name, module.Parent, new CUcontext(context));
    }

    /// <inheritdoc/>
    public override CUresult cuLibraryGetGlobal(CUdeviceptr* dptr, nuint* bytes, CUlibrary library, byte* name)
    {
        if (name == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        return Handles.Check(library.Value, HandleKind.CUlibrary) is var check and not CUresult.CUDA_SUCCESS
            ? check
            : GetVariable(CallId.cuLibraryGetGlobal, dptr, bytes, library.Value, name, library.Value, CurrentOwner);
    }

    /// <inheritdoc/>
    public override CUresult cuModuleUnload(CUmodule hmod) => Unload(CallId.cuModuleUnload, hmod.Value, HandleKind.CUmodule);

    /// <inheritdoc/>
    public override CUresult cuLibraryUnload(CUlibrary library) => Unload(CallId.cuLibraryUnload, library.Value, HandleKind.CUlibrary);

    private CUresult GetVariable(
        uint callId, CUdeviceptr* address, nuint* bytes, nint source, byte* name, nint owner, CUcontext context)
    {
        try
        {
            var call = new Call(_session, callId);
            call.Write(address != null);
            // The size is asked for in any case: where the program has an address, the client has to know its range.
            call.Write(true);
            call.WriteHandle(source);
            call.WriteString(name);
            CUresult status = call.Invoke();
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            ulong start = address != null ? call.ReadUInt64() : 0;
            nuint size = call.ReadNUInt();
            call.End();
            if (address != null)
            {
                *address = new CUdeviceptr(start);
                AdoptVariable(start, size, owner, context);
            }

            Give(bytes, size);
            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    // Asked for again, a variable keeps what was set of it.
    private void AdoptVariable(ulong start, nuint size, nint owner, CUcontext context)
    {
        if (size != 0 && !(_session.Ranges.TryFind(start, out DeviceRange known) && known.Owner == owner && known.Context == context))
        {
            Adopt(new DeviceRange(start, size, context, 0) { Device = Handles.Find<ContextInfo>(context.Value)?.Device ?? 0, Owner = owner });
        }
    }

    private CUresult Unload(uint callId, nint id, HandleKind kind)
    {
        if (Handles.Check(id, kind) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        try
        {
            // Before the driver can give the addresses to something else.
            _session.Ranges.RemoveOwner(id);
            var call = new Call(_session, callId);
            call.WriteHandle(id);
            CUresult status = call.Post();
            if (status == CUresult.CUDA_SUCCESS)
            {
                Handles.Forget(id);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
