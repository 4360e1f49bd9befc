using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const uint HostAllocFlags = 7;
    private const uint HostRegisterFlags = 15;
    private const uint HostReadOnly = 8;
    private const nuint PageBytes = 4096;

    private readonly HostRanges _hostRanges = new();
    private ulong _hostBytes; // Guarded by _hostRanges.

    /// <inheritdoc/>
    public override CUresult cuMemAllocHost_v2(void** pp, nuint bytesize) => cuMemHostAlloc(pp, bytesize, 0);

    /// <inheritdoc/>
    public override CUresult cuMemHostAlloc(void** pp, nuint bytesize, uint Flags)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (RefuseWhileCapturing() is not CUDA_SUCCESS and var capturing)
        {
            return capturing;
        }
        if (pp == null || bytesize == 0 || (Flags & ~HostAllocFlags) != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        void* memory = AllocateHost(bytesize);
        if (memory == null)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        _hostRanges.Add(new HostRange((ulong)memory, bytesize, Flags, HostRangeKind.Allocated, NextId(), context));
        if (Ready is not CUDA_SUCCESS and var gone && _hostRanges.Remove((ulong)memory, HostRangeKind.Allocated, out HostRange? late))
        {
            FreeHostMemory([late]); // The driver was disposed of meanwhile and did not see it.
            return gone;
        }
        *pp = memory;
        return CUDA_SUCCESS;
    }

    /// <summary>Waits for the work of all contexts first, which may use the memory. Freeing null is allowed and does nothing.</summary>
    public override CUresult cuMemFreeHost(void* p)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (RefuseWhileCapturing() is not CUDA_SUCCESS and var capturing)
        {
            return capturing;
        }
        if (p == null)
        {
            return CUDA_SUCCESS;
        }
        if (!_hostRanges.Remove((ulong)p, HostRangeKind.Allocated, out HostRange? range))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        SynchronizeAll();
        FreeHostMemory([range]);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuMemHostGetFlags(uint* pFlags, void* p)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return _hostRanges.TryFind((ulong)p, out HostRange? range) && range.Kind is HostRangeKind.Allocated or HostRangeKind.Registered
            ? Give(pFlags, range.Flags)
            : CUDA_ERROR_INVALID_VALUE;
    }

    /// <summary>All host memory that the driver knows is mapped at its own address, whatever its flags.</summary>
    public override CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* pdptr, void* p, uint Flags)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        bool known = _hostRanges.TryFind((ulong)p, out HostRange? range) && range.Kind is HostRangeKind.Allocated or HostRangeKind.Registered;
        return Flags == 0 && known ? Give(pdptr, new CUdeviceptr((ulong)p)) : CUDA_ERROR_INVALID_VALUE;
    }

    /// <summary>Makes the program's own memory one that copies need not wait for, and that kernels reach. It stays the program's.</summary>
    public override CUresult cuMemHostRegister_v2(void* p, nuint bytesize, uint Flags)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (p == null || bytesize == 0 || (Flags & ~HostRegisterFlags) != 0 || bytesize > nuint.MaxValue - (nuint)p
            || !ProgramMemory.CanLock((ulong)p, bytesize, (Flags & HostReadOnly) != 0))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var range = new HostRange((ulong)p, bytesize, Flags, HostRangeKind.Registered, NextId(), context);
        return _hostRanges.Add(range) ? CUDA_SUCCESS : CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    }

    /// <inheritdoc/>
    public override CUresult cuMemHostUnregister(void* p)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (p == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (!_hostRanges.Remove((ulong)p, HostRangeKind.Registered, out _))
        {
            return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
        }
        SynchronizeAll();
        return CUDA_SUCCESS;
    }

    /// <summary>The memory of this process that contains the address, if the driver's devices reach it.</summary>
    internal bool TryFindHost(ulong address, [NotNullWhen(true)] out Allocation? allocation)
    {
        allocation = _hostRanges.TryFind(address, out HostRange? range) ? range.Allocation : null;
        return allocation is not null;
    }

    private void SynchronizeAll()
    {
        DriverContext[] contexts;
        lock (_lock)
        {
            contexts = [.. _contexts];
        }
        foreach (DriverContext context in contexts)
        {
            context.Synchronize();
        }
    }

    private void* AllocateHost(nuint bytes)
    {
        if (!TryReserveHost(bytes))
        {
            return null;
        }
        try
        {
            // SAFETY: freed once, by whoever takes the range out of _hostRanges.
            return NativeMemory.AlignedAlloc(bytes, PageBytes);
        }
        catch (OutOfMemoryException)
        {
            ReturnHost(bytes);
            return null;
        }
    }

    private void FreeHostMemory(HostRange[] ranges)
    {
        foreach (HostRange range in ranges)
        {
            _managed.Remove(range.Start);
            if (range.Kind != HostRangeKind.Registered)
            {
                NativeMemory.AlignedFree((void*)range.Start);
                ReturnHost(range.Size);
            }
        }
    }

    private bool TryReserveHost(ulong bytes)
    {
        lock (_hostRanges)
        {
            if (bytes > _gpu.Options.HostMemoryBytes - _hostBytes)
            {
                return false;
            }
            _hostBytes += bytes;
            return true;
        }
    }

    private void ReturnHost(ulong bytes)
    {
        lock (_hostRanges)
        {
            _hostBytes -= bytes;
        }
    }
}
