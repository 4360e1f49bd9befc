using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    // Rows start where any access of the architecture is aligned.
    private const nuint PitchAlignment = 512;

    /// <inheritdoc/>
    public override CUresult cuMemAlloc_v2(CUdeviceptr* dptr, nuint bytesize)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (RefuseWhileCapturing() is not CUDA_SUCCESS and var capturing)
        {
            return capturing;
        }
        return dptr == null || bytesize == 0 ? CUDA_ERROR_INVALID_VALUE : Allocate(context, bytesize, dptr);
    }

    /// <inheritdoc/>
    public override CUresult cuMemAllocPitch_v2(
        CUdeviceptr* dptr, nuint* pPitch, nuint WidthInBytes, nuint Height, uint ElementSizeBytes)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (dptr == null || pPitch == null || WidthInBytes == 0 || Height == 0 || ElementSizeBytes is not (4 or 8 or 16))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (WidthInBytes > DeviceAttributes.MaxPitch)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nuint pitch = (WidthInBytes + PitchAlignment - 1) & ~(PitchAlignment - 1);
        if (Height > nuint.MaxValue / pitch)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        CUresult result = Allocate(context, pitch * Height, dptr);
        if (result == CUDA_SUCCESS)
        {
            *pPitch = pitch;
        }
        return result;
    }

    /// <summary>Waits for all work on the device first, which may use the memory. Freeing 0 is allowed and does nothing.</summary>
    public override CUresult cuMemFree_v2(CUdeviceptr dptr)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (RefuseWhileCapturing() is not CUDA_SUCCESS and var capturing)
        {
            return capturing;
        }
        if (dptr.Value == 0)
        {
            return CUDA_SUCCESS;
        }
        if (!TryFindDevice(dptr.Value, out IMemoryOwner owner, out _))
        {
            return FreeManaged(dptr.Value);
        }
        foreach (DriverContext context in ContextsOn(owner.Device))
        {
            context.Synchronize();
        }
        if (!owner.Disown(dptr.Value, out DeviceAllocation allocation))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        owner.Free(allocation);
        TrimPools();
        return owner.Context?.Fault ?? CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetInfo_v2(nuint* free, nuint* total)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (free == null || total == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *total = (nuint)context.Device.TotalBytes;
        *free = (nuint)(context.Device.TotalBytes - context.Device.UsedBytes);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetAddressRange_v2(CUdeviceptr* pbase, nuint* psize, CUdeviceptr dptr)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        ulong start, size;
        if (TryFindDevice(dptr.Value, out _, out Allocation allocation))
        {
            (start, size) = (allocation.Base, allocation.Size);
        }
        else if (_hostRanges.TryFind(dptr.Value, out HostRange? range))
        {
            (start, size) = (range.Start, range.Size);
        }
        else
        {
            return CUDA_ERROR_NOT_FOUND;
        }
        if (pbase != null)
        {
            *pbase = new CUdeviceptr(start);
        }
        if (psize != null)
        {
            *psize = (nuint)size;
        }
        return CUDA_SUCCESS;
    }

    /// <summary>The allocation an address is in, if it is one of this driver's.</summary>
    private bool TryFindDevice(ulong address, out IMemoryOwner owner, out Allocation allocation)
    {
        if (_gpu.TryFind(address, out Allocation? found) && found.Owner is IMemoryOwner known && known.Driver == this)
        {
            (owner, allocation) = (known, found);
            return true;
        }
        (owner, allocation) = (null!, null!);
        return false;
    }

    /// <summary>Memory that lives as long as the context at most.</summary>
    private CUresult Allocate(DriverContext context, ulong bytes, CUdeviceptr* dptr)
    {
        ulong address = context.Allocate(bytes);
        if (address == 0)
        {
            MakeRoom(context.Device);
            address = context.Allocate(bytes);
        }
        return address == 0 ? CUDA_ERROR_OUT_OF_MEMORY : Give(dptr, new CUdeviceptr(address));
    }

    /// <summary>Memory of a pool, which belongs to no context.</summary>
    private CUresult Allocate(MemoryPool pool, ulong bytes, CUdeviceptr* dptr)
    {
        ulong address = pool.Allocate(bytes);
        if (address == 0)
        {
            MakeRoom(pool.Device);
            address = pool.Allocate(bytes);
        }
        return address == 0 ? CUDA_ERROR_OUT_OF_MEMORY : Give(dptr, new CUdeviceptr(address));
    }

    // Frees that wait in streams may make room, and so may what pools keep.
    private void MakeRoom(SimulatedDevice device)
    {
        foreach (DriverContext other in ContextsOn(device))
        {
            other.Synchronize();
        }
        foreach (MemoryPool pool in _pools)
        {
            pool.Trim(0);
        }
    }
}
