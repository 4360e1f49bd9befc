using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>What an asynchronous copy brings into page-locked memory is there after every kind of wait for it.</summary>
public sealed unsafe class CopyArrivalTests
{
    private const int Bytes = 300_000;
    private const int Rounds = 20;

    public enum Wait
    {
        StreamSynchronize,
        StreamSynchronizePerThread,
        StreamQuery,
        StreamQueryPerThread,
        EventSynchronize,
        EventQuery,
        EventElapsedTime,
        EventElapsedTime2,
        ContextSynchronize,
        ContextSynchronize2,
        CopyToHost,
        CopyToPageableHost,
        LargeCopyToDevice,
        Copy2D,
        Copy2DUnaligned,
        Copy2DAsync,
        Copy3D,
        Copy3DAsync,
        Free,
        OtherThread,
        OtherStream,
    }

    public enum End
    {
        ContextDestroy,
        PrimaryContextRelease,
        PrimaryContextReset,
    }

    public static TheoryData<Wait> Waits => [.. Enum.GetValues<Wait>()];

    public static TheoryData<End> Ends => [.. Enum.GetValues<End>()];

    [Theory]
    [MemberData(nameof(Waits))]
    public void CopyToHost_AfterAWait_HasArrived(Wait wait)
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr device = driver.Allocate(Bytes);
        CUdeviceptr other = driver.Allocate(Bytes);
        CUevent start = driver.CreateEvent();
        CUevent mark = driver.CreateEvent();
        CUstream second = driver.CreateStream();
        byte* host = stage.HostMemory(Bytes);
        Cuda.Ok(driver.cuEventRecord(start, stage.Stream));
        for (int round = 1; round <= Rounds; round++)
        {
            byte value = (byte)round;
            Cuda.Ok(driver.cuMemsetD8Async(device, value, Bytes, stage.Stream));
            Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, device, Bytes, stage.Stream));
            Cuda.Ok(driver.cuEventRecord(mark, stage.Stream));
            switch (wait)
            {
                case Wait.EventSynchronize:
                    Cuda.Ok(driver.cuEventSynchronize(mark));
                    break;
                case Wait.EventQuery:
                    Becomes(() => driver.cuEventQuery(mark));
                    break;
                case Wait.EventElapsedTime:
                    Becomes(() => Elapsed(driver.cuEventElapsedTime, start, mark));
                    break;
                case Wait.EventElapsedTime2:
                    Becomes(() => Elapsed(driver.cuEventElapsedTime_v2, start, mark));
                    break;
                case Wait.OtherThread:
                    Worker.Run(() => Cuda.Ok(driver.cuEventSynchronize(mark)));
                    break;
                case Wait.OtherStream:
                    Cuda.Ok(driver.cuStreamWaitEvent(second, mark, 0));
                    Cuda.Ok(driver.cuStreamSynchronize(second));
                    break;
                case Wait.Free:
                    Cuda.Ok(driver.cuMemFree_v2(other));
                    other = driver.Allocate(Bytes);
                    break;
                default:
                    WaitFor(wait, stage, device, other);
                    break;
            }

            Assert.Equal(-1, new Span<byte>(host, Bytes).IndexOfAnyExcept(value));
        }
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public void CopyToHost_AfterTheEndOfItsContext_HasArrived(End end)
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        byte* host = stage.HostMemory(Bytes);
        for (int round = 1; round <= Rounds; round++)
        {
            byte value = (byte)round;
            CUcontext context = end == End.ContextDestroy ? driver.CreateContext() : driver.Retain();
            CUstream stream = driver.CreateStream();
            CUdeviceptr device = driver.Allocate(Bytes);
            Cuda.Ok(driver.cuMemsetD8Async(device, value, Bytes, stream));
            Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, device, Bytes, stream));

            Cuda.Ok(end switch
            {
                End.ContextDestroy => driver.cuCtxDestroy_v2(context),
                End.PrimaryContextRelease => driver.cuDevicePrimaryCtxRelease_v2(0),
                _ => driver.cuDevicePrimaryCtxReset_v2(0),
            });

            Assert.Equal(-1, new Span<byte>(host, Bytes).IndexOfAnyExcept(value));
        }
    }

    // Synchronous copies wait for the legacy stream, which waits for the stage's; copies from and to pageable memory wait for their stream.
    private static void WaitFor(Wait wait, Stage stage, CUdeviceptr device, CUdeviceptr other)
    {
        CudaDriver driver = stage.Driver;
        byte[] pageable = new byte[Bytes];
        fixed (byte* bytes = pageable)
        {
            var rows = new CUDA_MEMCPY2D_v2
            {
                srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
                srcDevice = device,
                srcPitch = 16,
                dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
                dstHost = bytes,
                dstPitch = 16,
                WidthInBytes = 8,
                Height = 2,
            };
            var box = new CUDA_MEMCPY3D_v2
            {
                srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
                srcDevice = device,
                srcPitch = 16,
                srcHeight = 2,
                dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
                dstHost = bytes,
                dstPitch = 16,
                dstHeight = 2,
                WidthInBytes = 8,
                Height = 2,
                Depth = 2,
            };
            switch (wait)
            {
                case Wait.StreamQuery:
                    Becomes(() => driver.cuStreamQuery(stage.Stream));
                    return;
                case Wait.StreamQueryPerThread:
                    Becomes(() => driver.cuStreamQuery_ptsz(stage.Stream));
                    return;
            }

            Cuda.Ok(wait switch
            {
                Wait.StreamSynchronize => driver.cuStreamSynchronize(stage.Stream),
                Wait.StreamSynchronizePerThread => driver.cuStreamSynchronize_ptsz(stage.Stream),
                Wait.ContextSynchronize => driver.cuCtxSynchronize(),
                Wait.ContextSynchronize2 => driver.cuCtxSynchronize_v2(stage.Context),
                Wait.CopyToHost => driver.cuMemcpyDtoH_v2(bytes, device, 4),
                Wait.CopyToPageableHost => driver.cuMemcpyDtoHAsync_v2(bytes, device, 4, stage.Stream),
                Wait.LargeCopyToDevice => driver.cuMemcpyHtoD_v2(other, bytes, ProtocolLimits.PostedCopy + 1),
                Wait.Copy2D => driver.cuMemcpy2D_v2(&rows),
                Wait.Copy2DUnaligned => driver.cuMemcpy2DUnaligned_v2(&rows),
                Wait.Copy2DAsync => driver.cuMemcpy2DAsync_v2(&rows, stage.Stream),
                Wait.Copy3D => driver.cuMemcpy3D_v2(&box),
                Wait.Copy3DAsync => driver.cuMemcpy3DAsync_v2(&box, stage.Stream),
                _ => throw new ArgumentOutOfRangeException(nameof(wait)),
            });
        }
    }

    private static CUresult Elapsed(ElapsedTime function, CUevent start, CUevent end)
    {
        float milliseconds;
        return function(&milliseconds, start, end);
    }

    private static void Becomes(Func<CUresult> query)
    {
        CUresult result;
        do
        {
            result = query();
        }
        while (result == CUresult.CUDA_ERROR_NOT_READY);
        Cuda.Ok(result);
    }

    private delegate CUresult ElapsedTime(float* milliseconds, CUevent start, CUevent end);
}
