using CudaRpc.Driver;
using CudaRpc.Driver.Managed;

namespace CudaRpc.Client;

// Managed memory is page-locked memory with a twin from the beginning: kernels reach the twin, the program its own side, and changes travel
// when the program launches and when it waits. Advice is kept here; the server has nowhere to move anything to.
public sealed unsafe partial class RemoteDriver
{
    private readonly ManagedRanges _managed = new();

    private int DeviceCount => _session.Devices.Devices.Count;

    /// <inheritdoc/>
    public override CUresult cuMemAllocManaged(CUdeviceptr* dptr, nuint bytesize, uint flags)
    {
        if (dptr == null || bytesize == 0
            || flags is not ((uint)CUmemAttach_flags.CU_MEM_ATTACH_GLOBAL or (uint)CUmemAttach_flags.CU_MEM_ATTACH_HOST))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        CUresult status = Allocate(CallId.cuMemAllocManaged, bytesize, flags, HostBlockKind.Managed, reachable: true, out ulong address);
        if (status == CUresult.CUDA_SUCCESS)
        {
            _managed.Add(address, bytesize);
            *dptr = new CUdeviceptr(address);
        }

        return Local(status);
    }

    /// <inheritdoc/>
    public override CUresult cuMemAdvise(CUdeviceptr devPtr, nuint count, CUmem_advise advice, int device) =>
        Local(_managed.Advise(devPtr.Value, count, advice, MemoryLocation.Of(device), DeviceCount));

    /// <inheritdoc/>
    public override CUresult cuMemAdvise_v2(CUdeviceptr devPtr, nuint count, CUmem_advise advice, CUmemLocation_v1 location) =>
        Local(_managed.Advise(devPtr.Value, count, advice, MemoryLocation.Of(location), DeviceCount));

    /// <inheritdoc/>
    public override CUresult cuMemPrefetchAsync(CUdeviceptr devPtr, nuint count, int dstDevice, CUstream hStream) =>
        Prefetch(devPtr, count, MemoryLocation.Of(dstDevice), 0, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemPrefetchAsync_v2(CUdeviceptr devPtr, nuint count, CUmemLocation_v1 location, uint flags, CUstream hStream) =>
        Prefetch(devPtr, count, MemoryLocation.Of(location), flags, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemPrefetchBatchAsync(
        CUdeviceptr* dptrs, nuint* sizes, nuint count, CUmemLocation_v1* prefetchLocs, nuint* prefetchLocIdxs, nuint numPrefetchLocs,
        ulong flags, CUstream hStream) =>
        Local(CheckHint(hStream) is var status and not CUresult.CUDA_SUCCESS
            ? status
            : _managed.Prefetch(dptrs, sizes, count, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags, DeviceCount));

    /// <inheritdoc/>
    public override CUresult cuMemDiscardBatchAsync(CUdeviceptr* dptrs, nuint* sizes, nuint count, ulong flags, CUstream hStream) =>
        Local(CheckHint(hStream) is var status and not CUresult.CUDA_SUCCESS ? status : _managed.CheckBatch(dptrs, sizes, count, flags));

    /// <inheritdoc/>
    public override CUresult cuMemDiscardAndPrefetchBatchAsync(
        CUdeviceptr* dptrs, nuint* sizes, nuint count, CUmemLocation_v1* prefetchLocs, nuint* prefetchLocIdxs, nuint numPrefetchLocs,
        ulong flags, CUstream hStream) =>
        cuMemPrefetchBatchAsync(dptrs, sizes, count, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemRangeGetAttribute(void* data, nuint dataSize, CUmem_range_attribute attribute, CUdeviceptr devPtr, nuint count) =>
        Local(_managed.Read(data, dataSize, attribute, devPtr.Value, count));

    /// <inheritdoc/>
    public override CUresult cuMemRangeGetAttributes(
        void** data, nuint* dataSizes, CUmem_range_attribute* attributes, nuint numAttributes, CUdeviceptr devPtr, nuint count) =>
        Local(_managed.Read(data, dataSizes, attributes, numAttributes, devPtr.Value, count));

    /// <inheritdoc/>
    public override CUresult cuStreamAttachMemAsync(CUstream hStream, CUdeviceptr dptr, nuint length, uint flags) =>
        Local(CheckHint(hStream) is var status and not CUresult.CUDA_SUCCESS
            ? status
            : _managed.Attach(dptr.Value, length, flags, hStream.Value is 0 or 1 or 2));

    private CUresult Prefetch(CUdeviceptr address, nuint bytes, MemoryLocation location, uint flags, CUstream stream)
    {
        CUresult status = CheckHint(stream);
        status = status == CUresult.CUDA_SUCCESS && flags != 0 ? CUresult.CUDA_ERROR_INVALID_VALUE : status;
        return Local(status == CUresult.CUDA_SUCCESS ? _managed.Prefetch(address.Value, bytes, location, DeviceCount) : status);
    }

    private CUresult CheckHint(CUstream stream) =>
        Context(default) is null ? NoContext() : Handles.Check(stream.Value, HandleKind.CUstream);

    private CUresult FreeManaged(ulong address)
    {
        if (!HostMemory.Blocks.TryRemove(address, HostBlockKind.Managed, out HostBlock? block))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE, nameof(cuMemFree_v2));
        }

        _managed.Remove(address);
        return Free(CallId.cuMemFree_v2, block);
    }
}
