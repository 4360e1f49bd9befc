using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    // Pageable memory that asynchronous copies may hold at a time; one that does not fit waits for its turn instead.
    private const long MaxStagedBytes = 64 << 20;

    private long _stagedBytes;

    /// <inheritdoc/>
    public override CUresult cuMemcpy(CUdeviceptr dst, CUdeviceptr src, nuint ByteCount) =>
        Copy(Any(dst, ByteCount), Any(src, ByteCount), ByteCount);

    /// <inheritdoc/>
    public override CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount) =>
        Copy(Device(dstDevice, ByteCount), Host(srcHost), ByteCount);

    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoH_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount) =>
        Copy(Host(dstHost), Device(srcDevice, ByteCount), ByteCount);

    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoD_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, nuint ByteCount) =>
        Copy(Device(dstDevice, ByteCount), Device(srcDevice, ByteCount), ByteCount);

    /// <inheritdoc/>
    public override CUresult cuMemcpyPeer(
        CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice, CUcontext srcContext, nuint ByteCount) =>
        ArePeers(dstContext, srcContext) ? cuMemcpyDtoD_v2(dstDevice, srcDevice, ByteCount) : CUDA_ERROR_INVALID_CONTEXT;

    /// <inheritdoc/>
    public override CUresult cuMemcpyAsync(CUdeviceptr dst, CUdeviceptr src, nuint ByteCount, CUstream hStream) =>
        CopyAsync(Any(dst, ByteCount), Any(src, ByteCount), ByteCount, hStream);

    /// <summary>Pageable memory may be reused as soon as the call returns.</summary>
    public override CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount, CUstream hStream) =>
        CopyAsync(Device(dstDevice, ByteCount), Host(srcHost), ByteCount, hStream);

    /// <summary>Returns at once for page-locked memory; for pageable memory, as in CUDA, only when the copy is done.</summary>
    public override CUresult cuMemcpyDtoHAsync_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) =>
        CopyAsync(Host(dstHost), Device(srcDevice, ByteCount), ByteCount, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) =>
        CopyAsync(Device(dstDevice, ByteCount), Device(srcDevice, ByteCount), ByteCount, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpyPeerAsync(
        CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice, CUcontext srcContext, nuint ByteCount, CUstream hStream) =>
        ArePeers(dstContext, srcContext) ? cuMemcpyDtoDAsync_v2(dstDevice, srcDevice, ByteCount, hStream) : CUDA_ERROR_INVALID_CONTEXT;

    private CUresult Copy(MemoryPlace? destination, MemoryPlace? source, nuint bytes)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (destination is not { } to || source is not { } from)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return bytes == 0 ? CUDA_SUCCESS : context.Run(context.LegacyStream, new CopyWork(to, from, bytes));
    }

    private CUresult CopyAsync(MemoryPlace? destination, MemoryPlace? source, nuint bytes, CUstream hStream)
    {
        // A copy may go to a stream of another context than the current one.
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (destination is not { } to || source is not { } from)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (bytes == 0)
        {
            return CUDA_SUCCESS;
        }
        if (IsPageable(to, bytes))
        {
            return stream.Context.Run(stream, new CopyWork(to, from, bytes));
        }
        if (!IsPageable(from, bytes))
        {
            return Submitted(stream.Context.Submit(stream, new CopyWork(to, from, bytes), out _));
        }
        return CopyFromPageable(stream, new CopyWork(to, from, bytes));
    }

    private CUresult CopyFromPageable(DriverStream stream, StagedWork work)
    {
        if (stream.Context.Device.Timing is { } timing && stream.Capture is null && (!timing.Executes || TryStage(work)))
        {
            // The program need not wait until the device would have the bytes.
            return Submitted(stream.Context.SubmitShort(stream, work, out _));
        }
        if (stream.Context.IsIdle(stream) || !TryStage(work))
        {
            return stream.Context.Run(stream, work);
        }
        return Submitted(stream.Context.Submit(stream, work, out _));
    }

    private bool TryStage(StagedWork work)
    {
        ulong bytes = work.Bytes;
        if (bytes > MaxStagedBytes)
        {
            return false;
        }
        if (Interlocked.Add(ref _stagedBytes, (long)bytes) > MaxStagedBytes
            || !work.TryStage(() => Interlocked.Add(ref _stagedBytes, -(long)bytes)))
        {
            Interlocked.Add(ref _stagedBytes, -(long)bytes);
            return false;
        }
        return true;
    }

    private bool IsPageable(MemoryPlace place, nuint bytes) => !place.IsDevice && !_hostRanges.Contains(place.Address, bytes);

    private static CUresult Submitted(CUresult taken) => taken;

    private bool ArePeers(CUcontext one, CUcontext other) =>
        Ready != CUDA_SUCCESS || (IsContext(one.Value) && IsContext(other.Value));

    private static MemoryPlace? Host(void* pointer) => pointer == null ? null : new MemoryPlace(null, (ulong)pointer);

    /// <summary>A range that the device can reach: in one allocation of this driver, or page-locked. Else null.</summary>
    private MemoryPlace? Device(CUdeviceptr address, nuint bytes)
    {
        if (TryFindDevice(address.Value, out IMemoryOwner owner, out _))
        {
            // A range may go over several mappings, each with its own access.
            AddressSpace space = _gpu.SpaceOf(address.Value)!;
            bool fits = space.Resolve(address.Value, bytes) != null && owner is not Mapping { IsAccessible: false };
            return fits ? new MemoryPlace(space, address.Value) : null;
        }
        return _hostRanges.Contains(address.Value, bytes) ? new MemoryPlace(null, address.Value) : null;
    }

    /// <summary>A range that is a device's if its address is one that devices have, else the host's.</summary>
    private MemoryPlace? Any(CUdeviceptr address, nuint bytes)
    {
        return _gpu.SpaceOf(address.Value) is not null ? Device(address, bytes) : Host((void*)address.Value);
    }
}
