using System.Collections.Concurrent;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// What one driver shows another on the same GPU, as processes do. Who may have what, and by which handle, is the server's business; in one
// process alone there is nobody to share these with, so the functions of the API itself stay NOT_SUPPORTED here. Pools can be: see PoolSharing.
public unsafe partial class SimulatedDriver
{
    private readonly ConcurrentDictionary<ulong, ImportedMemory> _imports = new();

    /// <summary>Shows an allocation of <paramref name="exporter"/> to the current context.</summary>
    internal CUresult ImportMemory(SimulatedDriver exporter, CUdeviceptr exported, CUdeviceptr* imported)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (exporter._gpu != _gpu || !exporter.TryFindDevice(exported.Value, out IMemoryOwner owner, out Allocation allocation)
            || allocation.Block is null)
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        var import = new ImportedMemory(context, owner.Device);
        ulong address = owner.Device.Memory.Share(allocation.Base, import);
        if (address == 0)
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        _imports[address] = import;
        if (Ready is not CUDA_SUCCESS and var gone)
        {
            CloseImports(one => one == import); // The driver was disposed of meanwhile and did not see it.
            return gone;
        }
        *imported = new CUdeviceptr(address);
        return CUDA_SUCCESS;
    }

    /// <summary>Ends what <see cref="ImportMemory"/> began, after the work that may use it.</summary>
    internal CUresult CloseImported(CUdeviceptr imported)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_imports.ContainsKey(imported.Value))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        SynchronizeAll();
        if (!_imports.TryRemove(imported.Value, out ImportedMemory? import))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        import.Device.Memory.Free(imported.Value);
        return CUDA_SUCCESS;
    }

    /// <summary>An event of the current context that is at the same place as one of <paramref name="exporter"/>.</summary>
    internal CUresult ImportEvent(SimulatedDriver exporter, CUevent exported, CUevent* imported)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (exporter._gpu != _gpu || exporter.Find(exported.Value, out DriverEvent source) != CUDA_SUCCESS || !source.IsInterprocess)
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        nint handle = _handles.Add(new DriverEvent(context, source.Flags, source.State));
        return handle == 0 ? CUDA_ERROR_OUT_OF_MEMORY : Give(imported, new CUevent(handle));
    }

    /// <summary>Whether an event may be shared.</summary>
    internal CUresult CheckInterprocess(CUevent hEvent)
    {
        CUresult result = EnterEvent(hEvent, out DriverEvent target);
        return result == CUDA_SUCCESS && !target.IsInterprocess ? CUDA_ERROR_INVALID_HANDLE : result;
    }

    /// <summary>The memory behind a handle, if it was made to be shared as <paramref name="type"/>. It is not kept alive by that.</summary>
    internal CUresult ExportAllocation(ulong handle, CUmemAllocationHandleType type, out PhysicalAllocation physical)
    {
        CUresult result = EnterAllocation(handle, out physical);
        return result == CUDA_SUCCESS && (physical.Properties.requestedHandleTypes & type) == 0 ? CUDA_ERROR_INVALID_VALUE : result;
    }

    /// <summary>A handle of this driver to another's memory, if it is still alive.</summary>
    internal CUresult ImportAllocation(PhysicalAllocation physical, ulong* handle)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return physical.TryRetain() ? GiveHandle(handle, physical) : CUDA_ERROR_INVALID_HANDLE;
    }

    private void CloseImports(Func<ImportedMemory, bool> condition)
    {
        foreach ((ulong address, ImportedMemory import) in _imports)
        {
            if (condition(import) && _imports.TryRemove(address, out _))
            {
                import.Device.Memory.Free(address);
            }
        }
    }
}
