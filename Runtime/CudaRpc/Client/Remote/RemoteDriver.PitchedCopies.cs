using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Pitched copies. Every form is a 3D copy here; of a side in the program's memory only width x height x depth bytes travel, gathered from
// its rows and scattered into them, so the server never learns their pitch.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuMemcpy2D_v2(CUDA_MEMCPY2D_v2* pCopy) => Pitched(CallId.cuMemcpy2D_v2, pCopy, default, asynchronous: false);

    /// <inheritdoc/>
    public override CUresult cuMemcpy2DUnaligned_v2(CUDA_MEMCPY2D_v2* pCopy) =>
        Pitched(CallId.cuMemcpy2DUnaligned_v2, pCopy, default, asynchronous: false);

    /// <inheritdoc/>
    public override CUresult cuMemcpy2DAsync_v2(CUDA_MEMCPY2D_v2* pCopy, CUstream hStream) =>
        Pitched(CallId.cuMemcpy2DAsync_v2, pCopy, hStream, asynchronous: true);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3D_v2(CUDA_MEMCPY3D_v2* pCopy) =>
        pCopy == null ? Local(CUresult.CUDA_ERROR_INVALID_VALUE) : Pitched(CallId.cuMemcpy3D_v2, PitchedCopy.From(*pCopy), default, asynchronous: false);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DAsync_v2(CUDA_MEMCPY3D_v2* pCopy, CUstream hStream) =>
        pCopy == null ? Local(CUresult.CUDA_ERROR_INVALID_VALUE) : Pitched(CallId.cuMemcpy3DAsync_v2, PitchedCopy.From(*pCopy), hStream, asynchronous: true);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DPeer(CUDA_MEMCPY3D_PEER_v1* pCopy) =>
        pCopy == null ? Local(CUresult.CUDA_ERROR_INVALID_VALUE) : Pitched(CallId.cuMemcpy3DPeer, *pCopy, default, asynchronous: false);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DPeerAsync(CUDA_MEMCPY3D_PEER_v1* pCopy, CUstream hStream) =>
        pCopy == null ? Local(CUresult.CUDA_ERROR_INVALID_VALUE) : Pitched(CallId.cuMemcpy3DPeerAsync, *pCopy, hStream, asynchronous: true);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DBatchAsync(
        nuint numOps, CUDA_MEMCPY3D_BATCH_OP_v1* opList, nuint* failIdx, ulong flags, CUstream hStream) =>
        BatchCopy.Run(this, numOps, opList, failIdx, flags, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DBatchAsync_v2(nuint numOps, CUDA_MEMCPY3D_BATCH_OP_v1* opList, ulong flags, CUstream hStream) =>
        BatchCopy.Run(this, numOps, opList, null, flags, hStream);

    private CUresult Pitched(uint callId, CUDA_MEMCPY2D_v2* copy, CUstream stream, bool asynchronous) =>
        copy == null ? Local(CUresult.CUDA_ERROR_INVALID_VALUE) : Pitched(callId, PitchedCopy.From(*copy), stream, asynchronous);

    private CUresult Pitched(uint callId, CUDA_MEMCPY3D_PEER_v1 copy, CUstream stream, bool asynchronous)
    {
        if (Context(default) is null)
        {
            return NoContext();
        }

        if (Handles.Check(stream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        bool isPeer = callId is CallId.cuMemcpy3DPeer or CallId.cuMemcpy3DPeerAsync;
        PitchedSide source = PitchedCopy.Source(copy);
        PitchedSide target = PitchedCopy.Target(copy);
        CUresult status = CheckSide(ref source, copy, isPeer);
        status = status == CUresult.CUDA_SUCCESS ? CheckSide(ref target, copy, isPeer) : status;
        if (status != CUresult.CUDA_SUCCESS || copy.WidthInBytes == 0 || copy.Height == 0 || copy.Depth == 0)
        {
            return Local(status);
        }

        bool touchesHost = source.Type == CUmemorytype.CU_MEMORYTYPE_HOST || target.Type == CUmemorytype.CU_MEMORYTYPE_HOST;
        if (asynchronous && touchesHost && IsCaptured(stream))
        {
            return CaptureCopy(stream, copy);
        }

        return source.Type == CUmemorytype.CU_MEMORYTYPE_HOST && target.Type == CUmemorytype.CU_MEMORYTYPE_HOST
            ? HostToHost(target.Box(copy), source.Box(copy), stream, asynchronous)
            : Send(callId, copy, source, target, stream, asynchronous);
    }

    private CUresult Send(uint callId, in CUDA_MEMCPY3D_PEER_v1 copy, in PitchedSide source, in PitchedSide target, CUstream stream, bool asynchronous)
    {
        bool isReadLater = false;
        if (source.Type == CUmemorytype.CU_MEMORYTYPE_HOST)
        {
            HostBox box = source.Box(copy);
            if (SettleSource((ulong)box.Start, box.Span, box.Length, stream, asynchronous, out isReadLater) is var settled and not CUresult.CUDA_SUCCESS)
            {
                return settled;
            }
        }

        try
        {
            bool isPeer = callId is CallId.cuMemcpy3DPeer or CallId.cuMemcpy3DPeerAsync;
            var call = new Call(_session, callId);
            WriteSide(ref call, source, isPeer);
            WriteSide(ref call, target, isPeer);
            call.Write(copy.WidthInBytes);
            call.Write(copy.Height);
            call.Write(copy.Depth);
            call.WriteHandle(stream.Value);
            bool posted = true;
            HostBox box = default;
            if (source.Type == CUmemorytype.CU_MEMORYTYPE_HOST)
            {
                box = source.Box(copy);
                if (isReadLater)
                {
                    call.Write(_session.Host.Add(new HostRegion(box)));
                    call.OfferLater(box.Length);
                    return call.Post();
                }

                call.Write(0L);
                call.WriteBulk(&box);
                posted = asynchronous || box.Length <= ProtocolLimits.PostedCopy;
            }
            else if (target.Type == CUmemorytype.CU_MEMORYTYPE_HOST)
            {
                box = target.Box(copy);
                if (asynchronous && IsDeferrable((ulong)box.Start, box.Span, box.Length))
                {
                    call.Write(_session.Host.Add(new HostRegion(box)));
                    call.ExpectLater(box.Length);
                    return call.Post();
                }

                call.Write(0L);
                call.ReceiveBulk(&box);
                posted = false;
            }
            else
            {
                call.Write(0L);
            }

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

    // What of one side can be told without the server. Says where unified addresses are.
    private CUresult CheckSide(ref PitchedSide side, in CUDA_MEMCPY3D_PEER_v1 copy, bool isPeer)
    {
        switch (side.Type)
        {
            case CUmemorytype.CU_MEMORYTYPE_UNIFIED or CUmemorytype.CU_MEMORYTYPE_DEVICE or CUmemorytype.CU_MEMORYTYPE_HOST:
                // The program may say host of an address that is the device's, or device of page-locked memory: the address decides.
                ulong address = side.Type == CUmemorytype.CU_MEMORYTYPE_HOST ? (ulong)side.Host : side.Device.Value;
                bool isHost = !IsDevice(new CUdeviceptr(address))
                    && (side.Type != CUmemorytype.CU_MEMORYTYPE_DEVICE || IsPageLocked(address, 1));
                side.Type = isHost ? CUmemorytype.CU_MEMORYTYPE_HOST : CUmemorytype.CU_MEMORYTYPE_DEVICE;
                side.Host = (nint)address;
                side.Device = new CUdeviceptr(address);
                break;
            case CUmemorytype.CU_MEMORYTYPE_ARRAY:
                if (Handles.Check(side.Array.Value, HandleKind.CUarray) is var checkArray and not CUresult.CUDA_SUCCESS)
                {
                    return checkArray;
                }

                break;
            default:
                return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (isPeer && side.Type != CUmemorytype.CU_MEMORYTYPE_HOST
            && Handles.Check(side.Context.Value, HandleKind.CUcontext) is var checkContext and not CUresult.CUDA_SUCCESS)
        {
            return checkContext;
        }

        if (side.Lod != 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        bool isEmpty = copy.WidthInBytes == 0 || copy.Height == 0 || copy.Depth == 0;
        return isEmpty || side.Type == CUmemorytype.CU_MEMORYTYPE_ARRAY ? CUresult.CUDA_SUCCESS : CheckRange(side, copy);
    }

    private CUresult CheckRange(in PitchedSide side, in CUDA_MEMCPY3D_PEER_v1 copy)
    {
        if (side.Host == 0 || side.End(copy) is not ulong end)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        // Beyond the end of an allocation: found out here, before bytes that may not even be the program's are sent.
        return Leaves(side.Device.Value, end) ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;
    }

    private static void WriteSide(ref Call call, in PitchedSide side, bool isPeer)
    {
        call.Write((uint)side.Type);
        if (side.Type == CUmemorytype.CU_MEMORYTYPE_HOST)
        {
            return;
        }

        if (side.Type == CUmemorytype.CU_MEMORYTYPE_ARRAY)
        {
            call.WriteHandle(side.Array.Value);
        }
        else
        {
            call.Write(side.Device.Value);
            call.Write(side.Pitch);
            call.Write(side.Height);
        }

        call.Write(side.X);
        call.Write(side.Y);
        call.Write(side.Z);
        if (isPeer)
        {
            call.WriteHandle(side.Context.Value);
        }
    }

    private CUresult HostToHost(in HostBox target, in HostBox source, CUstream stream, bool asynchronous)
    {
        // Ordered after the stream's work, which may have written the source through an earlier copy.
        if (asynchronous && cuStreamSynchronize(stream) is var status and not CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        for (nuint slice = 0; slice < source.Depth; slice++)
        {
            for (nuint row = 0; row < source.Height; row++)
            {
                // SAFETY: neither is device memory of this session, so both are the program's, which vouches for them as it would to memcpy.
                Buffer.MemoryCopy(
                    (byte*)source.Start + (slice * source.SlicePitch) + (row * source.RowPitch),
                    (byte*)target.Start + (slice * target.SlicePitch) + (row * target.RowPitch),
                    source.Width,
                    source.Width);
            }
        }

        return Local(CUresult.CUDA_SUCCESS);
    }
}
