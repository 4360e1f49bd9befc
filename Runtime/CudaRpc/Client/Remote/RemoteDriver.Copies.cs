using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Linear copies. Bytes to the device leave from the program's memory, bytes to the host arrive in it; small ones to the device are posted.
public sealed unsafe partial class RemoteDriver
{
    // Linux maps nothing below (vm.mmap_min_addr): a null pointer, or a member of one.
    private const nuint LowestMapped = 64 << 10;

    /// <inheritdoc/>
    public override CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount) =>
        ToDevice(CallId.cuMemcpyHtoD_v2, dstDevice, srcHost, ByteCount, default, posted: ByteCount <= ProtocolLimits.PostedCopy);

    /// <inheritdoc/>
    public override CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount, CUstream hStream) =>
        ToDevice(CallId.cuMemcpyHtoDAsync_v2, dstDevice, srcHost, ByteCount, hStream, posted: true);

    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoH_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount) =>
        ToHost(CallId.cuMemcpyDtoH_v2, dstHost, srcDevice, ByteCount, default);

    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoHAsync_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) =>
        ToHost(CallId.cuMemcpyDtoHAsync_v2, dstHost, srcDevice, ByteCount, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpy(CUdeviceptr dst, CUdeviceptr src, nuint ByteCount) =>
        (IsDevice(dst), IsDevice(src)) switch
        {
            (true, true) => cuMemcpyDtoD_v2(dst, src, ByteCount),
            (true, false) => cuMemcpyHtoD_v2(dst, (void*)src.Value, ByteCount),
            (false, true) => cuMemcpyDtoH_v2((void*)dst.Value, src, ByteCount),
            (false, false) => HostToHost(dst, src, ByteCount),
        };

    /// <inheritdoc/>
    public override CUresult cuMemcpyAsync(CUdeviceptr dst, CUdeviceptr src, nuint ByteCount, CUstream hStream) =>
        (IsDevice(dst), IsDevice(src)) switch
        {
            (true, true) => cuMemcpyDtoDAsync_v2(dst, src, ByteCount, hStream),
            (true, false) => cuMemcpyHtoDAsync_v2(dst, (void*)src.Value, ByteCount, hStream),
            (false, true) => cuMemcpyDtoHAsync_v2((void*)dst.Value, src, ByteCount, hStream),
            // Ordered after the stream's work, which may have written the source through an earlier copy.
            (false, false) when IsCaptured(hStream) => CaptureCopy(hStream, Linear(ByteCount).FromHost((void*)src.Value).ToHost((void*)dst.Value)),
            (false, false) => cuStreamSynchronize(hStream) is var status and not CUresult.CUDA_SUCCESS ? status : HostToHost(dst, src, ByteCount),
        };

    private CUresult ToDevice(uint callId, CUdeviceptr destination, void* source, nuint bytes, CUstream stream, bool posted, bool readsNow = false)
    {
        if (HostMemory.IsTwin((ulong)source))
        {
            // Kernels may have written it, or may be about to: the server's side of it is what the stream's order is about.
            return WithinServer(callId == CallId.cuMemcpyHtoDAsync_v2, destination, new CUdeviceptr((ulong)source), bytes, stream);
        }

        if ((CheckCopy(source, destination, stream, bytes) ?? FaultOf(stream)) is CUresult decided)
        {
            return decided;
        }

        if (callId == CallId.cuMemcpyHtoDAsync_v2 && IsCaptured(stream))
        {
            return CaptureCopy(stream, Linear(bytes).FromHost(source).ToDevice(destination));
        }

        bool asynchronous = callId == CallId.cuMemcpyHtoDAsync_v2;
        bool isReadLater = false;
        if (!readsNow
            && SettleSource((ulong)source, bytes, bytes, stream, asynchronous, out isReadLater) is var settled and not CUresult.CUDA_SUCCESS)
        {
            return settled;
        }

        return isReadLater ? ToDeviceLater(callId, destination, source, bytes, stream)
            : IsSplit(stream, bytes) ? ToDeviceInParts(callId, destination, (byte*)source, bytes, stream, posted)
            : ToDevice(_session.Lane, callId, destination, source, bytes, stream, posted);
    }

    private CUresult ToDeviceLater(uint callId, CUdeviceptr destination, void* source, nuint bytes, CUstream stream)
    {
        try
        {
            var call = new Call(_session, callId);
            call.Write(destination.Value);
            call.Write(bytes);
            call.WriteHandle(stream.Value);
            call.Write(_session.Host.Add(new HostRegion(source, bytes)));
            call.OfferLater(bytes);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult ToDevice(Lane lane, uint callId, CUdeviceptr destination, void* source, nuint bytes, CUstream stream, bool posted)
    {
        try
        {
            var call = new Call(_session, lane, callId);
            call.Write(destination.Value);
            call.Write(bytes);
            call.WriteHandle(stream.Value);
            call.Write(0L);
            call.WriteBulk(source, bytes);
            if (posted)
            {
                return call.Post();
            }

            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult ToHost(uint callId, void* destination, CUdeviceptr source, nuint bytes, CUstream stream)
    {
        if (HostMemory.IsTwin((ulong)destination))
        {
            return WithinServer(callId == CallId.cuMemcpyDtoHAsync_v2, new CUdeviceptr((ulong)destination), source, bytes, stream);
        }

        CUresult? fault = callId == CallId.cuMemcpyDtoHAsync_v2 ? FaultOf(stream) : null;
        if ((CheckCopy(destination, source, stream, bytes) ?? fault) is CUresult decided)
        {
            return decided;
        }

        if (callId == CallId.cuMemcpyDtoHAsync_v2 && IsCaptured(stream))
        {
            return CaptureCopy(stream, Linear(bytes).FromDevice(source).ToHost(destination));
        }

        return callId == CallId.cuMemcpyDtoHAsync_v2 && IsWrittenLater(destination, bytes) ? ToHostLater(callId, destination, source, bytes, stream)
            : IsSplit(stream, bytes) ? ToHostInParts(callId, (byte*)destination, source, bytes, stream)
            : ToHost(_session.Lane, callId, destination, source, bytes, stream);
    }

    private CUresult ToHostLater(uint callId, void* destination, CUdeviceptr source, nuint bytes, CUstream stream)
    {
        try
        {
            var call = new Call(_session, callId);
            call.Write(source.Value);
            call.Write(bytes);
            call.WriteHandle(stream.Value);
            call.Write(_session.Host.Add(new HostRegion(destination, bytes)));
            call.ExpectLater(bytes);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult ToHost(Lane lane, uint callId, void* destination, CUdeviceptr source, nuint bytes, CUstream stream)
    {
        try
        {
            var call = new Call(_session, lane, callId);
            call.Write(source.Value);
            call.Write(bytes);
            call.WriteHandle(stream.Value);
            call.Write(0L);
            call.ReceiveBulk(destination, bytes);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult WithinServer(bool asynchronous, CUdeviceptr destination, CUdeviceptr source, nuint bytes, CUstream stream) =>
        asynchronous ? cuMemcpyDtoDAsync_v2(destination, source, bytes, stream) : cuMemcpyDtoD_v2(destination, source, bytes);

    private static CUDA_MEMCPY3D_PEER_v1 Linear(nuint bytes) => new() { WidthInBytes = bytes, Height = 1, Depth = 1 };

    // Page-locked memory is written when the stream gets there; for other memory CUDA has the caller wait.
    private bool IsWrittenLater(void* destination, nuint bytes) => IsDeferrable((ulong)destination, bytes, bytes);

    /// <summary>
    /// Whether a copy of <paramref name="bytes"/> from or to the program's memory can happen when its stream gets there: page-locked memory,
    /// and no more than the server stages for us.
    /// </summary>
    private bool IsDeferrable(ulong start, nuint span, nuint bytes) =>
        bytes <= ProtocolLimits.DeferredCopy && _session.Host.PendingBytes + (long)bytes <= ProtocolLimits.DeferredBytes && IsPageLocked(start, span);

    /// <summary>
    /// Sees to it that a copy to the device takes its source as CUDA would. The bytes are sent at the call, which is wrong where work queued
    /// before still writes them: functions of the program, and copies to the host. An asynchronous copy is then read when the stream gets there,
    /// or where that cannot be deferred waits for the stream; a synchronous one waits as CUDA has it wait.
    /// </summary>
    private CUresult SettleSource(ulong start, nuint span, nuint bytes, CUstream stream, bool asynchronous, out bool isReadLater)
    {
        isReadLater = false;
        HostLink host = _session.Host;
        bool mayBeWritten = host.PendingCalls > 0 || (host.PendingBytes > 0 && host.PendingWithin(start, span).Any());
        if (!mayBeWritten || (asynchronous && !IsPageLocked(start, span)))
        {
            return CUresult.CUDA_SUCCESS;
        }

        isReadLater = asynchronous && IsDeferrable(start, span, bytes);
        return isReadLater ? CUresult.CUDA_SUCCESS : cuStreamSynchronize(stream);
    }

    // What needs no server: bad arguments, and a copy of nothing.
    private CUresult? CheckCopy(void* host, CUdeviceptr device, CUstream stream, nuint bytes)
    {
        if (Context(default) is null)
        {
            return NoContext();
        }

        if (Handles.Check(stream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (bytes == 0)
        {
            return Local(CUresult.CUDA_SUCCESS);
        }

        // Beyond the end of an allocation: found out here, before bytes that may not even be the program's are sent.
        bool wrong = (nuint)host < LowestMapped || bytes > long.MaxValue || Leaves(device.Value, bytes);
        // Bulk that fails half way would leave the server waiting for the rest. Asking the system takes a thousandth of the copy.
        wrong |= bytes > ProtocolLimits.PostedCopy && !ProgramMemory.IsMapped((ulong)host, bytes);
        return wrong ? CUresult.CUDA_ERROR_INVALID_VALUE : null;
    }

    private bool IsDevice(CUdeviceptr address) => _session.Ranges.TryFind(address.Value, out _) || HostMemory.IsTwin(address.Value);

    private CUresult HostToHost(CUdeviceptr destination, CUdeviceptr source, nuint bytes)
    {
        if (destination.Value == 0 || source.Value == 0)
        {
            return bytes == 0 ? Local(CUresult.CUDA_SUCCESS) : CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        // SAFETY: neither is device memory of this session, so both are the program's, which vouches for them as it would to memcpy.
        Buffer.MemoryCopy((void*)source.Value, (void*)destination.Value, bytes, bytes);
        return Local(CUresult.CUDA_SUCCESS);
    }
}
