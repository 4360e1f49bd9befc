using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// References that a module declares: made once, they end with it.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuModuleGetTexRef(CUtexref* pTexRef, CUmodule hmod, byte* name) =>
        GetReference(CallId.cuModuleGetTexRef, HandleKind.CUtexref, (nint*)pTexRef, hmod, name);

    /// <inheritdoc/>
    public override CUresult cuModuleGetSurfRef(CUsurfref* pSurfRef, CUmodule hmod, byte* name) =>
        GetReference(CallId.cuModuleGetSurfRef, HandleKind.CUsurfref, (nint*)pSurfRef, hmod, name);

    /// <summary>A reference of a module ends with the module, not before.</summary>
    public override CUresult cuTexRefDestroy(CUtexref hTexRef)
    {
        if (Handles.Find(hTexRef.Value) is not { Kind: HandleKind.CUtexref } info)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        if (HandleId.Kind(info.Parent) == HandleKind.CUmodule)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuTexRefDestroy);
            call.WriteHandle(hTexRef.Value);
            CUresult status = call.Post();
            Handles.Forget(hTexRef.Value);
            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuTexRefDestroy, failure);
        }
    }

    private CUresult GetReference(uint callId, HandleKind kind, nint* destination, CUmodule module, byte* name)
    {
        if (destination == null || name == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (Handles.Find(module.Value) is not { Kind: HandleKind.CUmodule } info)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        // Beside the module's functions, which are under their plain names.
        (string, nint) key = ($"{kind} {System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)name)}", 0);
        if (info.Made.TryGetValue(key, out nint known) && Handles.Find(known) is not null)
        {
            return Local(destination, known);
        }

        try
        {
            var call = new Call(_session, callId);
            nint id = call.WriteNewHandle(kind);
            call.WriteHandle(module.Value);
            call.WriteString(name);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                Handles.Add(id, new HandleInfo(kind, module.Value));
                info.Made[key] = id;
                *destination = id;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
