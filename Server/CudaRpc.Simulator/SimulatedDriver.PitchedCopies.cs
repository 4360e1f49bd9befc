using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuMemcpy2D_v2(CUDA_MEMCPY2D_v2* pCopy) => pCopy == null ? NoCopy() : CopyPitched(Plain(*pCopy));

    /// <inheritdoc/>
    public override CUresult cuMemcpy2DUnaligned_v2(CUDA_MEMCPY2D_v2* pCopy) => cuMemcpy2D_v2(pCopy);

    /// <inheritdoc/>
    public override CUresult cuMemcpy2DAsync_v2(CUDA_MEMCPY2D_v2* pCopy, CUstream hStream) =>
        pCopy == null ? NoCopy() : CopyPitchedAsync(Plain(*pCopy), hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3D_v2(CUDA_MEMCPY3D_v2* pCopy) => pCopy == null ? NoCopy() : CopyPitched(*pCopy);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DAsync_v2(CUDA_MEMCPY3D_v2* pCopy, CUstream hStream) =>
        pCopy == null ? NoCopy() : CopyPitchedAsync(*pCopy, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DPeer(CUDA_MEMCPY3D_PEER_v1* pCopy) =>
        pCopy == null ? NoCopy() : !ArePeers(*pCopy) ? CUDA_ERROR_INVALID_CONTEXT : CopyPitched(Plain(*pCopy));

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DPeerAsync(CUDA_MEMCPY3D_PEER_v1* pCopy, CUstream hStream) =>
        pCopy == null ? NoCopy() : !ArePeers(*pCopy) ? CUDA_ERROR_INVALID_CONTEXT : CopyPitchedAsync(Plain(*pCopy), hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DBatchAsync(
        nuint numOps, CUDA_MEMCPY3D_BATCH_OP_v1* opList, nuint* failIdx, ulong flags, CUstream hStream) =>
        Enter(out _) is not CUDA_SUCCESS and var error ? error : BatchCopy.Run(this, numOps, opList, failIdx, flags, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpy3DBatchAsync_v2(nuint numOps, CUDA_MEMCPY3D_BATCH_OP_v1* opList, ulong flags, CUstream hStream) =>
        cuMemcpy3DBatchAsync(numOps, opList, null, flags, hStream);

    private CUresult NoCopy() => Enter(out _) is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;

    private CUresult CopyPitched(in CUDA_MEMCPY3D_v2 copy)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        CUresult result = PreparePitched(copy, out PitchedPlace to, out PitchedPlace from, out CopyExtent extent);
        return result != CUDA_SUCCESS || extent.IsEmpty
            ? result
            : context.Run(context.LegacyStream, new PitchedCopyWork(to, from, extent) { Parameters = copy });
    }

    private CUresult CopyPitchedAsync(in CUDA_MEMCPY3D_v2 copy, CUstream hStream)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        CUresult result = PreparePitched(copy, out PitchedPlace to, out PitchedPlace from, out CopyExtent extent);
        if (result != CUDA_SUCCESS || extent.IsEmpty)
        {
            return result;
        }
        var work = new PitchedCopyWork(to, from, extent) { Parameters = copy };
        if (IsPageable(to.Start, (nuint)to.Span(extent)))
        {
            return stream.Context.Run(stream, work);
        }
        return IsPageable(from.Start, (nuint)from.Span(extent))
            ? CopyFromPageable(stream, work)
            : Submitted(stream.Context.Submit(stream, work, out _));
    }

    /// <summary>
    /// The two sides of a pitched copy, checked: also for copies that run later. A copy of nothing is one whatever its sides are.
    /// </summary>
    private CUresult PreparePitched(in CUDA_MEMCPY3D_v2 copy, out PitchedPlace to, out PitchedPlace from, out CopyExtent extent)
    {
        to = default;
        from = default;
        extent = new CopyExtent(copy.WidthInBytes, copy.Height, copy.Depth);
        if (copy.srcLOD != 0 || copy.dstLOD != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var source = new PitchedSide(
            copy.srcMemoryType, copy.srcHost, copy.srcDevice, copy.srcArray, copy.srcXInBytes, copy.srcY, copy.srcZ, copy.srcPitch, copy.srcHeight);
        var target = new PitchedSide(
            copy.dstMemoryType, copy.dstHost, copy.dstDevice, copy.dstArray, copy.dstXInBytes, copy.dstY, copy.dstZ, copy.dstPitch, copy.dstHeight);
        CUresult result = FindSide(source, extent, out from);
        return result == CUDA_SUCCESS ? FindSide(target, extent, out to) : result;
    }

    private CUresult FindSide(in PitchedSide side, in CopyExtent extent, out PitchedPlace place)
    {
        place = default;
        if (side.Type == CUmemorytype.CU_MEMORYTYPE_ARRAY)
        {
            if (Find(side.Array.Value, out DriverArray array) is not CUDA_SUCCESS and var stale)
            {
                return stale;
            }
            if (array.At(side.X, side.Y, side.Z, extent) is not { } there)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
            place = there;
            return CUDA_SUCCESS;
        }
        if (side.Type is not (CUmemorytype.CU_MEMORYTYPE_HOST or CUmemorytype.CU_MEMORYTYPE_DEVICE or CUmemorytype.CU_MEMORYTYPE_UNIFIED))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (extent.IsEmpty)
        {
            return CUDA_SUCCESS;
        }
        if (!side.TryMeasure(extent, out ulong offset, out ulong pitch, out ulong slice))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nuint span = (nuint)new PitchedPlace(default, pitch, slice).Span(extent);
        MemoryPlace? found = side.Type switch
        {
            CUmemorytype.CU_MEMORYTYPE_HOST => side.Host == 0 ? null : new MemoryPlace(null, (ulong)side.Host + offset),
            CUmemorytype.CU_MEMORYTYPE_DEVICE => Device(side.Device + offset, span),
            _ => side.Device.Value == 0 ? null : Any(side.Device + offset, span),
        };
        if (found is not { } start)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        place = new PitchedPlace(start, pitch, slice);
        return CUDA_SUCCESS;
    }

    // Contexts matter for memory that has one.
    private bool ArePeers(in CUDA_MEMCPY3D_PEER_v1 copy) =>
        Ready != CUDA_SUCCESS
        || ((copy.srcMemoryType == CUmemorytype.CU_MEMORYTYPE_HOST || IsContext(copy.srcContext.Value))
            && (copy.dstMemoryType == CUmemorytype.CU_MEMORYTYPE_HOST || IsContext(copy.dstContext.Value)));

    private static CUDA_MEMCPY3D_v2 Plain(CUDA_MEMCPY3D_PEER_v1 copy)
    {
        // SAFETY: the same structure, with reserved fields where the contexts are.
        return *(CUDA_MEMCPY3D_v2*)&copy;
    }

    private static CUDA_MEMCPY3D_v2 Plain(in CUDA_MEMCPY2D_v2 copy) => new()
    {
        srcXInBytes = copy.srcXInBytes,
        srcY = copy.srcY,
        srcMemoryType = copy.srcMemoryType,
        srcHost = copy.srcHost,
        srcDevice = copy.srcDevice,
        srcArray = copy.srcArray,
        srcPitch = copy.srcPitch,
        dstXInBytes = copy.dstXInBytes,
        dstY = copy.dstY,
        dstMemoryType = copy.dstMemoryType,
        dstHost = copy.dstHost,
        dstDevice = copy.dstDevice,
        dstArray = copy.dstArray,
        dstPitch = copy.dstPitch,
        WidthInBytes = copy.WidthInBytes,
        Height = copy.Height,
        Depth = 1,
    };
}
