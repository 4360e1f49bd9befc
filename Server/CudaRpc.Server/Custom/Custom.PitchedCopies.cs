using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// Pitched copies, all as 3D ones. A side in the client's memory is staged here without gaps, piece by piece.
internal static unsafe partial class Custom
{
    public static void cuMemcpy2D_v2(CudaDriver driver, ref ServerCall call) => Pitched(driver, ref call, isAsync: call.IsPosted, isPeer: false);

    public static void cuMemcpy2DUnaligned_v2(CudaDriver driver, ref ServerCall call) => Pitched(driver, ref call, isAsync: call.IsPosted, isPeer: false);

    public static void cuMemcpy2DAsync_v2(CudaDriver driver, ref ServerCall call) => Pitched(driver, ref call, isAsync: true, isPeer: false);

    public static void cuMemcpy3D_v2(CudaDriver driver, ref ServerCall call) => Pitched(driver, ref call, isAsync: call.IsPosted, isPeer: false);

    public static void cuMemcpy3DAsync_v2(CudaDriver driver, ref ServerCall call) => Pitched(driver, ref call, isAsync: true, isPeer: false);

    public static void cuMemcpy3DPeer(CudaDriver driver, ref ServerCall call) => Pitched(driver, ref call, isAsync: call.IsPosted, isPeer: true);

    public static void cuMemcpy3DPeerAsync(CudaDriver driver, ref ServerCall call) => Pitched(driver, ref call, isAsync: true, isPeer: true);

    private static void Pitched(CudaDriver driver, ref ServerCall call, bool isAsync, bool isPeer)
    {
        var copy = new CUDA_MEMCPY3D_PEER_v1();
        copy.srcMemoryType = ReadMemoryType(ref call);
        if (copy.srcMemoryType != CUmemorytype.CU_MEMORYTYPE_HOST)
        {
            ReadPlace(ref call, copy.srcMemoryType, out copy.srcArray, out copy.srcDevice, out copy.srcPitch, out copy.srcHeight);
            (copy.srcXInBytes, copy.srcY, copy.srcZ) = (call.ReadNUInt(), call.ReadNUInt(), call.ReadNUInt());
            copy.srcContext = isPeer ? new CUcontext(call.ReadHandle(HandleKind.CUcontext)) : default;
        }

        copy.dstMemoryType = ReadMemoryType(ref call);
        if (copy.dstMemoryType != CUmemorytype.CU_MEMORYTYPE_HOST)
        {
            ReadPlace(ref call, copy.dstMemoryType, out copy.dstArray, out copy.dstDevice, out copy.dstPitch, out copy.dstHeight);
            (copy.dstXInBytes, copy.dstY, copy.dstZ) = (call.ReadNUInt(), call.ReadNUInt(), call.ReadNUInt());
            copy.dstContext = isPeer ? new CUcontext(call.ReadHandle(HandleKind.CUcontext)) : default;
        }

        (copy.WidthInBytes, copy.Height, copy.Depth) = (call.ReadNUInt(), call.ReadNUInt(), call.ReadNUInt());
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        long region = call.ReadInt64();
        bool fromHost = copy.srcMemoryType == CUmemorytype.CU_MEMORYTYPE_HOST;
        bool toHost = copy.dstMemoryType == CUmemorytype.CU_MEMORYTYPE_HOST;
        CheckPitched(ref call, copy, region, fromHost, toHost);
        if (fromHost)
        {
            call.ExpectBulk(region == 0 ? copy.WidthInBytes * copy.Height * copy.Depth : 0);
        }

        if (!call.Begin())
        {
            return;
        }

        // The driver asks for both contexts of a copy between peers; staging memory has none of its own.
        copy.srcContext = isPeer && fromHost ? copy.dstContext : copy.srcContext;
        copy.dstContext = isPeer && toHost ? copy.srcContext : copy.dstContext;
        var run = new PitchedRun(driver, stream, isAsync, isPeer);
        call.Reply((fromHost, toHost, region) switch
        {
            (false, false, _) => run.Copy(copy),
            (true, _, 0) => FromBulk(ref call, run, copy),
            (_, true, 0) => ToBulk(ref call, run, copy),
            (true, _, _) => PullPitched(ref call, run, copy, region),
            _ => PushPitched(ref call, run, copy, region),
        });
    }

    private static void CheckPitched(ref ServerCall call, in CUDA_MEMCPY3D_PEER_v1 copy, long region, bool fromHost, bool toHost)
    {
        if (fromHost && toHost)
        {
            call.Malformed("a copy from the client to the client");
        }

        if (copy.WidthInBytes == 0 || copy.Height == 0 || copy.Depth == 0
            || copy.Height > long.MaxValue / copy.WidthInBytes || copy.Depth > long.MaxValue / (copy.WidthInBytes * copy.Height))
        {
            call.Malformed($"a copy of {copy.WidthInBytes} x {copy.Height} x {copy.Depth} bytes");
        }

        bool staged = fromHost || toHost;
        if ((region != 0 && (!staged || !call.IsPosted)) || (toHost && call.IsPosted && region == 0))
        {
            call.Malformed("a copy whose host side is not where the call says");
        }
    }

    private static CUmemorytype ReadMemoryType(ref ServerCall call)
    {
        var type = (CUmemorytype)call.ReadUInt32();
        if (type is not (CUmemorytype.CU_MEMORYTYPE_HOST or CUmemorytype.CU_MEMORYTYPE_DEVICE or CUmemorytype.CU_MEMORYTYPE_ARRAY))
        {
            call.Malformed($"memory type {type}");
        }

        return type;
    }

    private static void ReadPlace(ref ServerCall call, CUmemorytype type, out CUarray array, out CUdeviceptr address, out nuint pitch, out nuint height)
    {
        (array, address, pitch, height) = (default, default, 0, 0);
        if (type == CUmemorytype.CU_MEMORYTYPE_ARRAY)
        {
            array = new CUarray(call.ReadHandle(HandleKind.CUarray));
            return;
        }

        address = new CUdeviceptr(call.ReadUInt64());
        (pitch, height) = (call.ReadNUInt(), call.ReadNUInt());
    }

    private static CUresult FromBulk(ref ServerCall call, in PitchedRun run, in CUDA_MEMCPY3D_PEER_v1 copy)
    {
        CUresult status = CUresult.CUDA_SUCCESS;
        for (var pieces = new PitchedPieces(copy); status == CUresult.CUDA_SUCCESS && pieces.Next(out CUDA_MEMCPY3D_PEER_v1 piece);)
        {
            piece.srcHost = call.ReadBulkPiece(piece.WidthInBytes * piece.Height * piece.Depth);
            // The source is pageable memory, so the driver has taken it when it returns and the staging memory may be used again.
            status = run.Copy(piece);
        }

        return status;
    }

    private static CUresult ToBulk(ref ServerCall call, in PitchedRun run, in CUDA_MEMCPY3D_PEER_v1 copy)
    {
        CUresult status = CUresult.CUDA_SUCCESS;
        for (var pieces = new PitchedPieces(copy); status == CUresult.CUDA_SUCCESS && pieces.Next(out CUDA_MEMCPY3D_PEER_v1 piece);)
        {
            byte* staging = call.Staging();
            piece.dstHost = staging;
            status = run.CopyAndWait(piece);
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.SendBulkPiece(staging, piece.WidthInBytes * piece.Height * piece.Depth);
            }
        }

        return status;
    }

    private static CUresult PushPitched(ref ServerCall call, in PitchedRun run, CUDA_MEMCPY3D_PEER_v1 copy, long region)
    {
        nuint bytes = copy.WidthInBytes * copy.Height * copy.Depth;
        if (call.Session.Host.Rent(run.Driver, call.ContextOf(run.Stream), region, bytes) is not HostStaging staging)
        {
            call.Session.Host.Drop(region);
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }

        copy.dstHost = staging.Bytes;
        (copy.dstPitch, copy.dstHeight) = (copy.WidthInBytes, copy.Height);
        CUresult status = run.Copy(copy);
        if (status != CUresult.CUDA_SUCCESS)
        {
            call.Session.Host.GiveBack(staging);
            call.Session.Host.Drop(region);
            return status;
        }

        // Should this fail, the copy may still be under way: the memory stays taken until its context ends.
        return run.Driver.cuLaunchHostFunc(run.Stream, &Push, staging.UserData);
    }

    private static CUresult PullPitched(ref ServerCall call, in PitchedRun run, CUDA_MEMCPY3D_PEER_v1 copy, long region)
    {
        nuint bytes = copy.WidthInBytes * copy.Height * copy.Depth;
        if (call.Session.Host.Rent(run.Driver, call.ContextOf(run.Stream), region, bytes) is not HostStaging staging)
        {
            call.Session.Host.Drop(region);
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }

        CUresult status = run.Driver.cuLaunchHostFunc(run.Stream, &Pull, staging.UserData);
        if (status != CUresult.CUDA_SUCCESS)
        {
            call.Session.Host.GiveBack(staging);
            call.Session.Host.Drop(region);
            return status;
        }

        copy.srcHost = staging.Bytes;
        (copy.srcPitch, copy.srcHeight) = (copy.WidthInBytes, copy.Height);
        status = run.Copy(copy);
        CUresult given = run.Driver.cuLaunchHostFunc(run.Stream, &GiveBack, staging.UserData);
        return status != CUresult.CUDA_SUCCESS ? status : given;
    }
}
