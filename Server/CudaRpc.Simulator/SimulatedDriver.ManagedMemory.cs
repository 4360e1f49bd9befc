using System.Runtime.InteropServices;
using CudaRpc.Driver.Managed;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// Managed memory is memory of this process: program and kernels reach the same bytes at any time, and none of it ever moves.
public unsafe partial class SimulatedDriver
{
    private readonly ManagedRanges _managed = new();

    /// <summary>Zeroed memory that the program and every device reach at one address.</summary>
    public override CUresult cuMemAllocManaged(CUdeviceptr* dptr, nuint bytesize, uint flags)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (dptr == null || bytesize == 0
            || flags is not ((uint)CUmemAttach_flags.CU_MEM_ATTACH_GLOBAL or (uint)CUmemAttach_flags.CU_MEM_ATTACH_HOST))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        ulong address = AllocateManaged(context, bytesize, HostRangeKind.Managed);
        if (address == 0)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        if (Ready is not CUDA_SUCCESS and var gone && _hostRanges.Remove(address, HostRangeKind.Managed, out HostRange? late))
        {
            FreeHostMemory([late]); // The driver was disposed of meanwhile and did not see it.
            return gone;
        }
        return Give(dptr, new CUdeviceptr(address));
    }

    /// <summary>A hint: the memory is reachable from everywhere anyway.</summary>
    public override CUresult cuMemAdvise(CUdeviceptr devPtr, nuint count, CUmem_advise advice, int device) =>
        Advise(devPtr, count, advice, MemoryLocation.Of(device));

    /// <inheritdoc cref="cuMemAdvise"/>
    public override CUresult cuMemAdvise_v2(CUdeviceptr devPtr, nuint count, CUmem_advise advice, CUmemLocation_v1 location) =>
        Advise(devPtr, count, advice, MemoryLocation.Of(location));

    /// <inheritdoc cref="cuMemAdvise"/>
    public override CUresult cuMemPrefetchAsync(CUdeviceptr devPtr, nuint count, int dstDevice, CUstream hStream) =>
        Prefetch(devPtr, count, MemoryLocation.Of(dstDevice), 0, hStream);

    /// <inheritdoc cref="cuMemAdvise"/>
    public override CUresult cuMemPrefetchAsync_v2(CUdeviceptr devPtr, nuint count, CUmemLocation_v1 location, uint flags, CUstream hStream) =>
        Prefetch(devPtr, count, MemoryLocation.Of(location), flags, hStream);

    /// <inheritdoc cref="cuMemAdvise"/>
    public override CUresult cuMemPrefetchBatchAsync(
        CUdeviceptr* dptrs, nuint* sizes, nuint count, CUmemLocation_v1* prefetchLocs, nuint* prefetchLocIdxs, nuint numPrefetchLocs,
        ulong flags, CUstream hStream) =>
        EnterStream(hStream, out _) is not CUDA_SUCCESS and var error
            ? error
            : _managed.Prefetch(dptrs, sizes, count, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags, _gpu.Devices.Count);

    /// <summary>What was in the memory may be anything afterwards; here it stays what it was.</summary>
    public override CUresult cuMemDiscardBatchAsync(CUdeviceptr* dptrs, nuint* sizes, nuint count, ulong flags, CUstream hStream) =>
        EnterStream(hStream, out _) is not CUDA_SUCCESS and var error ? error : _managed.CheckBatch(dptrs, sizes, count, flags);

    /// <inheritdoc cref="cuMemDiscardBatchAsync"/>
    public override CUresult cuMemDiscardAndPrefetchBatchAsync(
        CUdeviceptr* dptrs, nuint* sizes, nuint count, CUmemLocation_v1* prefetchLocs, nuint* prefetchLocIdxs, nuint numPrefetchLocs,
        ulong flags, CUstream hStream) =>
        cuMemPrefetchBatchAsync(dptrs, sizes, count, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags, hStream);

    /// <summary>Of pages about which different things were said, nothing was said.</summary>
    public override CUresult cuMemRangeGetAttribute(
        void* data, nuint dataSize, CUmem_range_attribute attribute, CUdeviceptr devPtr, nuint count) =>
        Enter(out _) is not CUDA_SUCCESS and var error ? error : _managed.Read(data, dataSize, attribute, devPtr.Value, count);

    /// <inheritdoc/>
    public override CUresult cuMemRangeGetAttributes(
        void** data, nuint* dataSizes, CUmem_range_attribute* attributes, nuint numAttributes, CUdeviceptr devPtr, nuint count) =>
        Enter(out _) is not CUDA_SUCCESS and var error
            ? error
            : _managed.Read(data, dataSizes, attributes, numAttributes, devPtr.Value, count);

    /// <summary>Attachment limits who may use the memory at a time. Here everybody always may.</summary>
    public override CUresult cuStreamAttachMemAsync(CUstream hStream, CUdeviceptr dptr, nuint length, uint flags) =>
        EnterStream(hStream, out _) is not CUDA_SUCCESS and var error
            ? error
            : _managed.Attach(dptr.Value, length, flags, hStream.Value is 0 or LegacyStream or ThreadStream);

    /// <summary>The one copy of a managed variable that all contexts share, which is that of the current context's module here.</summary>
    public override CUresult cuLibraryGetManaged(CUdeviceptr* dptr, nuint* bytes, CUlibrary library, byte* name) =>
        EnterLibrary(library, out DriverModule module) is not CUDA_SUCCESS and var error
            ? error
            : GiveManaged(module, name, dptr, bytes);

    /// <summary>Memory for a managed variable of a module, 0 if there is no room.</summary>
    internal ulong AllocateVariable(DriverContext context, ulong bytes) => AllocateManaged(context, bytes, HostRangeKind.Variable);

    /// <summary>No kernel of the module may be running; those of other contexts are waited for.</summary>
    internal void FreeVariable(ulong address)
    {
        if (_hostRanges.Remove(address, HostRangeKind.Variable, out HostRange? range))
        {
            SynchronizeAll();
            FreeHostMemory([range]);
        }
    }

    private static CUresult GiveManaged(DriverModule module, byte* name, CUdeviceptr* dptr, nuint* bytes)
    {
        if (name != null && !module.Loaded.IsManaged(Marshal.PtrToStringUTF8((nint)name)!))
        {
            return CUDA_ERROR_NOT_FOUND;
        }
        return GiveGlobal(module, name, dptr, bytes);
    }

    private CUresult Advise(CUdeviceptr address, nuint bytes, CUmem_advise advice, MemoryLocation location) =>
        Enter(out _) is not CUDA_SUCCESS and var error
            ? error
            : _managed.Advise(address.Value, bytes, advice, location, _gpu.Devices.Count);

    private CUresult Prefetch(CUdeviceptr address, nuint bytes, MemoryLocation location, uint flags, CUstream hStream)
    {
        if (EnterStream(hStream, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return flags != 0 ? CUDA_ERROR_INVALID_VALUE : _managed.Prefetch(address.Value, bytes, location, _gpu.Devices.Count);
    }

    private ulong AllocateManaged(DriverContext context, ulong bytes, HostRangeKind kind)
    {
        void* memory = AllocateHost((nuint)bytes);
        if (memory == null)
        {
            return 0;
        }
        NativeMemory.Clear(memory, (nuint)bytes);
        _managed.Add((ulong)memory, bytes);
        _hostRanges.Add(new HostRange((ulong)memory, bytes, 0, kind, NextId(), context));
        return (ulong)memory;
    }

    // After the work of all contexts, which may use it.
    private CUresult FreeManaged(ulong address)
    {
        if (!_hostRanges.Remove(address, HostRangeKind.Managed, out HostRange? range))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        SynchronizeAll();
        FreeHostMemory([range]);
        return CUDA_SUCCESS;
    }
}
