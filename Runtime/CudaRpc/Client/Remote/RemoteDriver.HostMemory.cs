using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Client;

// Page-locked memory makes copies to a GPU in the same machine fast. Here it is ordinary memory of the program: copies from and to it are
// right, but kernels cannot reach it, so whatever asks for its device address is refused.
public sealed unsafe partial class RemoteDriver
{
    private const nuint HostAlignment = 4096;
    private const uint HostAllocFlags = 7; // CU_MEMHOSTALLOC_PORTABLE | DEVICEMAP | WRITECOMBINED
    private const uint HostRegisterFlags = 15; // CU_MEMHOSTREGISTER_PORTABLE | DEVICEMAP | IOMEMORY | READ_ONLY
    private const uint HostMapped = 2;

    private readonly ConcurrentDictionary<nint, HostBlock> _hostBlocks = new();

    /// <inheritdoc/>
    public override CUresult cuMemAllocHost_v2(void** pp, nuint bytesize) => cuMemHostAlloc(pp, bytesize, 0);

    /// <inheritdoc/>
    public override CUresult cuMemHostAlloc(void** pp, nuint bytesize, uint Flags)
    {
        if (pp == null || bytesize == 0 || (Flags & ~HostAllocFlags) != 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (Current.Value == 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);
        }

        if ((Flags & HostMapped) != 0)
        {
            SessionLog.NotSupported(_session.Logger, "cuMemHostAlloc", "memory mapped into the device (CU_MEMHOSTALLOC_DEVICEMAP) cannot be reached from another machine");
            return Local(CUresult.CUDA_ERROR_NOT_SUPPORTED);
        }

        try
        {
            void* memory = NativeMemory.AlignedAlloc(bytesize, HostAlignment);
            _hostBlocks[(nint)memory] = new HostBlock(bytesize, Flags, IsRegistered: false);
            *pp = memory;
            return Local(CUresult.CUDA_SUCCESS);
        }
        catch (OutOfMemoryException)
        {
            return Local(CUresult.CUDA_ERROR_OUT_OF_MEMORY);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemFreeHost(void* p)
    {
        if (p == null)
        {
            return Local(CUresult.CUDA_SUCCESS);
        }

        if (!_hostBlocks.TryGetValue((nint)p, out HostBlock block) || block.IsRegistered || !_hostBlocks.TryRemove((nint)p, out _))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        CUresult status = EndCopies((ulong)p, block.Bytes);
        NativeMemory.AlignedFree(p);
        return Local(status);
    }

    /// <inheritdoc/>
    public override CUresult cuMemHostRegister_v2(void* p, nuint bytesize, uint Flags)
    {
        if (p == null || bytesize == 0 || (Flags & ~HostRegisterFlags) != 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (Current.Value == 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);
        }

        if ((Flags & HostMapped) != 0)
        {
            SessionLog.NotSupported(_session.Logger, "cuMemHostRegister_v2", "memory mapped into the device (CU_MEMHOSTREGISTER_DEVICEMAP) cannot be reached from another machine");
            return Local(CUresult.CUDA_ERROR_NOT_SUPPORTED);
        }

        return Local(_hostBlocks.TryAdd((nint)p, new HostBlock(bytesize, Flags, IsRegistered: true))
            ? CUresult.CUDA_SUCCESS
            : CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
    }

    /// <inheritdoc/>
    public override CUresult cuMemHostUnregister(void* p)
    {
        if (p == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        bool registered = _hostBlocks.TryGetValue((nint)p, out HostBlock block) && block.IsRegistered && _hostBlocks.TryRemove((nint)p, out _);
        return Local(registered ? EndCopies((ulong)p, block.Bytes) : CUresult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
    }

    /// <inheritdoc/>
    public override CUresult cuMemHostGetFlags(uint* pFlags, void* p) =>
        _hostBlocks.TryGetValue((nint)p, out HostBlock block) && !block.IsRegistered
            ? Local(pFlags, block.Flags)
            : Local(CUresult.CUDA_ERROR_INVALID_VALUE);

    private bool IsPageLocked(ulong address, nuint bytes) =>
        !_hostBlocks.IsEmpty && TryFindHost(address, out ulong start, out HostBlock block) && bytes <= block.Bytes - (address - start);

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

    private void FreeHostBlocks()
    {
        foreach ((nint memory, HostBlock block) in _hostBlocks)
        {
            if (!block.IsRegistered && _hostBlocks.TryRemove(memory, out _))
            {
                NativeMemory.AlignedFree((void*)memory);
            }
        }
    }

    private bool TryFindHost(ulong address, out ulong start, out HostBlock block)
    {
        foreach ((nint candidate, HostBlock content) in _hostBlocks)
        {
            if (address - (ulong)candidate < content.Bytes)
            {
                (start, block) = ((ulong)candidate, content);
                return true;
            }
        }

        (start, block) = (0, default);
        return false;
    }

    private readonly record struct HostBlock(nuint Bytes, uint Flags, bool IsRegistered);
}
