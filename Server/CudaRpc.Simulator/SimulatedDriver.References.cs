using System.Runtime.InteropServices;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;
using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator;

// References that modules declare, and surface references altogether.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuModuleGetTexRef(CUtexref* pTexRef, CUmodule hmod, byte* name)
    {
        if (EnterModule(hmod, out DriverModule module) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return GiveReference(module, PtxOpaqueKind.Texture, name, (nint*)pTexRef);
    }

    /// <inheritdoc/>
    public override CUresult cuModuleGetSurfRef(CUsurfref* pSurfRef, CUmodule hmod, byte* name)
    {
        if (EnterModule(hmod, out DriverModule module) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return GiveReference(module, PtxOpaqueKind.Surface, name, (nint*)pSurfRef);
    }

    /// <summary>The array must be one that surfaces may store to. There are no flags.</summary>
    public override CUresult cuSurfRefSetArray(CUsurfref hSurfRef, CUarray hArray, uint Flags)
    {
        if (EnterSurfRef(hSurfRef, out DriverSurfRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (Flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (Find(hArray.Value, out DriverArray array) is not CUDA_SUCCESS and var stale)
        {
            return stale;
        }
        if ((array.Shape.Flags & ArrayShape.SurfaceLoadStore) == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        reference.Array = hArray.Value;
        reference.Context.Textures.Set(reference.Address, new SurfaceObject(TexelImage.Of(array)));
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuSurfRefGetArray(CUarray* phArray, CUsurfref hSurfRef) =>
        EnterSurfRef(hSurfRef, out DriverSurfRef reference) is not CUDA_SUCCESS and var error ? error
            : reference.Array == 0 ? CUDA_ERROR_INVALID_VALUE : Give(phArray, new CUarray(reference.Array));

    private CUresult EnterSurfRef(CUsurfref hSurfRef, out DriverSurfRef reference)
    {
        reference = null!;
        return Enter(out _) is not CUDA_SUCCESS and var error ? error : Find(hSurfRef.Value, out reference);
    }

    private CUresult GiveReference(DriverModule module, PtxOpaqueKind kind, byte* name, nint* destination)
    {
        if (name == null || destination == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (module.GetReference(Marshal.PtrToStringUTF8((nint)name)!, kind, _handles) is not { } handle)
        {
            return CUDA_ERROR_NOT_FOUND;
        }
        *destination = handle;
        return handle == 0 ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
    }
}
