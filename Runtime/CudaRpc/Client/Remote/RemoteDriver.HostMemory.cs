using CudaRpc.Driver;

namespace CudaRpc.Client;

// Page-locked memory is memory of the program until kernels may reach it; then it has a twin on the server. docs/host-memory.md.
public sealed unsafe partial class RemoteDriver
{
    private const uint HostAllocFlags = 7; // CU_MEMHOSTALLOC_PORTABLE | DEVICEMAP | WRITECOMBINED
    private const uint HostRegisterFlags = 15; // CU_MEMHOSTREGISTER_PORTABLE | DEVICEMAP | IOMEMORY | READ_ONLY
    private const uint HostMapped = 2;
    private const uint HostInputOutput = 4;
    private const uint HostReadOnly = 8;

    /// <inheritdoc/>
    public override CUresult cuMemAllocHost_v2(void** pp, nuint bytesize) => cuMemHostAlloc(pp, bytesize, 0);

    /// <inheritdoc/>
    public override CUresult cuMemHostAlloc(void** pp, nuint bytesize, uint Flags)
    {
        if (pp == null || bytesize == 0 || (Flags & ~HostAllocFlags) != 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        CUresult status = Allocate(
            CallId.cuMemHostAlloc, bytesize, Flags, HostBlockKind.Allocated, reachable: (Flags & HostMapped) != 0, out ulong address);
        return status == CUresult.CUDA_SUCCESS ? Local((ulong*)pp, address) : Local(status);
    }

    /// <inheritdoc/>
    public override CUresult cuMemFreeHost(void* p)
    {
        if (p == null)
        {
            return Local(CUresult.CUDA_SUCCESS);
        }

        return HostMemory.Blocks.TryRemove((ulong)p, HostBlockKind.Allocated, out HostBlock? block)
            ? Free(CallId.cuMemFreeHost, block)
            : Local(CUresult.CUDA_ERROR_INVALID_VALUE);
    }

    /// <inheritdoc/>
    public override CUresult cuMemHostRegister_v2(void* p, nuint bytesize, uint Flags)
    {
        if (p == null || bytesize == 0 || (Flags & ~HostRegisterFlags) != 0 || bytesize > (nuint)nint.MaxValue - (nuint)p)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (Context(default) is null)
        {
            return Local(NoContext());
        }

        if ((Flags & HostInputOutput) != 0)
        {
            SessionLog.NotSupported(_session.Logger, "cuMemHostRegister_v2", "memory of another device (CU_MEMHOSTREGISTER_IOMEMORY) cannot be reached from another machine");
            return Local(CUresult.CUDA_ERROR_NOT_SUPPORTED);
        }

        if (!ProgramMemory.CanLock((ulong)p, bytesize, (Flags & HostReadOnly) != 0))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (!HostMemory.TryRegister((ulong)p, bytesize, Flags, CurrentOwner, out HostBlock? block))
        {
            return Local(CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
        }

        CUresult status = (Flags & HostMapped) != 0 ? Reach(CallId.cuMemHostRegister_v2, block) : CUresult.CUDA_SUCCESS;
        if (status != CUresult.CUDA_SUCCESS)
        {
            HostMemory.Blocks.TryRemove((ulong)p, HostBlockKind.Registered, out _);
        }

        return Local(status);
    }

    /// <inheritdoc/>
    public override CUresult cuMemHostUnregister(void* p)
    {
        if (p == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        return Local(HostMemory.Blocks.TryRemove((ulong)p, HostBlockKind.Registered, out HostBlock? block)
            ? EndUse(CallId.cuMemHostUnregister, block)
            : CUresult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
    }

    /// <inheritdoc/>
    public override CUresult cuMemHostGetFlags(uint* pFlags, void* p) =>
        HostMemory.Blocks.Find((ulong)p) is { Kind: HostBlockKind.Allocated } block && block.Contains((ulong)p)
            ? Local(pFlags, block.Flags)
            : Local(CUresult.CUDA_ERROR_INVALID_VALUE);

    /// <inheritdoc/>
    public override CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* pdptr, void* p, uint Flags)
    {
        if (Context(default) is null)
        {
            return Local(NoContext());
        }

        if (pdptr == null || Flags != 0 || HostMemory.Blocks.Find((ulong)p) is not { Kind: not HostBlockKind.Managed } block || !block.Contains((ulong)p))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        CUresult status = Reach(CallId.cuMemHostGetDevicePointer_v2, block);
        return status == CUresult.CUDA_SUCCESS
            ? Local(pdptr, new CUdeviceptr(block.DeviceAddress + ((ulong)p - block.Start)))
            : Local(status);
    }

    private CUresult Allocate(uint callId, nuint bytes, uint flags, HostBlockKind kind, bool reachable, out ulong address)
    {
        address = 0;
        if (Context(default) is null)
        {
            return NoContext();
        }

        try
        {
            if (bytes > long.MaxValue || HostMemory.Allocate(bytes, flags, kind, CurrentOwner) is not HostBlock block)
            {
                return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
            }

            CUresult status = reachable ? Reach(callId, block) : CUresult.CUDA_SUCCESS;
            if (status == CUresult.CUDA_SUCCESS)
            {
                address = block.Start;
            }
            else if (HostMemory.Blocks.TryRemove(block.Start, kind, out _))
            {
                HostMemory.Free(block);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult Reach(uint callId, HostBlock block)
    {
        try
        {
            return HostMemory.Reach(block, CurrentOwner);
        }
        catch (OutOfMemoryException)
        {
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    // The memory is the program's alone after this, or free.
    private CUresult EndUse(uint callId, HostBlock block)
    {
        try
        {
            CUresult status = EndCopies(block.Start, block.Bytes);
            CUresult ended = HostMemory.End(block, CurrentOwner);
            return status == CUresult.CUDA_SUCCESS ? ended : status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult Free(uint callId, HostBlock block)
    {
        CUresult status = EndUse(callId, block);
        HostMemory.Free(block);
        return Local(status);
    }

    private bool IsPageLocked(ulong address, nuint bytes) =>
        HostMemory.Blocks.Find(address) is HostBlock block && block.Contains(address) && bytes <= block.Bytes - (address - block.Start);

    // Copies from and to memory that is about to be the program's alone: they are waited for, as the driver would, and what is still under
    // way then (in another context, or because the wait failed) is dropped.
    private CUresult EndCopies(ulong start, nuint bytes)
    {
        CUresult status = CUresult.CUDA_SUCCESS;
        if (_session.Host.PendingWithin(start, bytes).Any())
        {
            status = cuCtxSynchronize();
            foreach (long region in _session.Host.PendingWithin(start, bytes))
            {
                _session.Host.RemoveRegion(region);
            }
        }

        return status;
    }
}
