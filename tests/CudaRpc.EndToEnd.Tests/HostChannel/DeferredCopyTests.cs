using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>Asynchronous copies from and to page-locked memory happen when the stream gets there, and are seen after every kind of wait.</summary>
public sealed unsafe class DeferredCopyTests
{
    private const int Bytes = 300_000;

    public enum Wait
    {
        StreamSynchronize,
        StreamSynchronizePerThread,
        StreamQuery,
        EventSynchronize,
        EventQuery,
        ContextSynchronize,
        ContextSynchronize2,
        CopyToHost,
        Free,
        ContextDestroy,
        OtherThread,
        OtherStream,
    }

    public static TheoryData<Wait> Waits => [.. Enum.GetValues<Wait>()];

    [Fact]
    public void CopyToHost_OfAStreamThatIsHeldUp_ReturnsAtOnceAndArrivesLater()
    {
        using var stage = new Stage();
        CUdeviceptr device = stage.DeviceMemory(Bytes, 7);
        byte* host = stage.HostMemory(Bytes);
        stage.Hold();

        Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(host, device, Bytes, stage.Stream));

        Assert.Equal(CUresult.CUDA_ERROR_NOT_READY, stage.Driver.cuStreamQuery(stage.Stream));
        Assert.Equal(0, host[0]);
        stage.LetGo();
        Cuda.Ok(stage.Driver.cuStreamSynchronize(stage.Stream));
        Assert.Equal(-1, new Span<byte>(host, Bytes).IndexOfAnyExcept((byte)7));
    }

    [Theory]
    [MemberData(nameof(Waits))]
    public void CopyToHost_AfterAWait_HasArrived(Wait wait)
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr device = driver.Allocate(Bytes);
        CUdeviceptr other = driver.Allocate(4);
        CUevent mark = driver.CreateEvent();
        CUstream second = driver.CreateStream();
        byte* host = stage.HostMemory(Bytes);
        byte[] small = new byte[4];
        for (int round = 1; round <= 20; round++)
        {
            byte value = (byte)round;
            Cuda.Ok(driver.cuMemsetD8Async(device, value, Bytes, stage.Stream));
            Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, device, Bytes, stage.Stream));
            Cuda.Ok(driver.cuEventRecord(mark, stage.Stream));
            switch (wait)
            {
                case Wait.StreamSynchronize:
                    Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));
                    break;
                case Wait.StreamSynchronizePerThread:
                    Cuda.Ok(driver.cuStreamSynchronize_ptsz(stage.Stream));
                    break;
                case Wait.StreamQuery:
                    Becomes(() => driver.cuStreamQuery(stage.Stream));
                    break;
                case Wait.EventSynchronize:
                    Cuda.Ok(driver.cuEventSynchronize(mark));
                    break;
                case Wait.EventQuery:
                    Becomes(() => driver.cuEventQuery(mark));
                    break;
                case Wait.ContextSynchronize:
                    Cuda.Ok(driver.cuCtxSynchronize());
                    break;
                case Wait.ContextSynchronize2:
                    Cuda.Ok(driver.cuCtxSynchronize_v2(stage.Context));
                    break;
                case Wait.CopyToHost:
                    fixed (byte* target = small)
                    {
                        // On the legacy stream, which waits for the other one.
                        Cuda.Ok(driver.cuMemcpyDtoH_v2(target, device, 4));
                    }

                    break;
                case Wait.Free:
                    Cuda.Ok(driver.cuMemFree_v2(other));
                    other = driver.Allocate(4);
                    break;
                case Wait.ContextDestroy:
                    Cuda.Ok(driver.cuCtxDestroy_v2(stage.Context));
                    round = 20;
                    break;
                case Wait.OtherThread:
                    Worker.Run(() => Cuda.Ok(driver.cuEventSynchronize(mark)));
                    break;
                case Wait.OtherStream:
                    Cuda.Ok(driver.cuStreamWaitEvent(second, mark, 0));
                    Cuda.Ok(driver.cuStreamSynchronize(second));
                    break;
            }

            Assert.Equal(-1, new Span<byte>(host, Bytes).IndexOfAnyExcept(value));
        }
    }

    [Fact]
    public void CopyToHost_ToMemoryThatIsNotPageLocked_IsDoneWhenTheCallReturns()
    {
        using var stage = new Stage();
        CUdeviceptr device = stage.DeviceMemory(Bytes, 9);
        byte[] host = new byte[Bytes];
        fixed (byte* start = host)
        {
            Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(start, device, Bytes, stage.Stream));
            Assert.Equal(-1, host.AsSpan().IndexOfAnyExcept((byte)9));
        }
    }

    [Fact]
    public void CopyToHost_ToRegisteredMemory_ArrivesBeforeItIsUnregistered()
    {
        using var stage = new Stage();
        CUdeviceptr device = stage.DeviceMemory(Bytes, 5);
        byte[] host = new byte[Bytes];
        fixed (byte* start = host)
        {
            Cuda.Ok(stage.Driver.cuMemHostRegister_v2(start, Bytes, 0));
            Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(start, device, Bytes, stage.Stream));

            Cuda.Ok(stage.Driver.cuMemHostUnregister(start));

            Assert.Equal(-1, host.AsSpan().IndexOfAnyExcept((byte)5));
        }
    }

    [Fact]
    public void CopyToHost_ManyOfThem_StayWithinWhatIsStaged()
    {
        using var stage = new Stage();
        const int Large = 32 << 20;
        CUdeviceptr device = stage.DeviceMemory(Large, 3);
        byte* host = stage.HostMemory(Large);
        for (int round = 0; round < 12; round++)
        {
            Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(host, device, Large, stage.Stream));
        }

        Cuda.Ok(stage.Driver.cuStreamSynchronize(stage.Stream));
        Assert.Equal(-1, new Span<byte>(host, Large).IndexOfAnyExcept((byte)3));
        Assert.True(stage.Driver.Session.Host.PendingBytes == 0);
        Assert.True(12L * Large > ProtocolLimits.Staged);
    }

    [Fact]
    public void CopyToHost_OfFreedMemory_FailsLaterAndNamesTheCall()
    {
        using var stage = new Stage();
        byte* host = stage.HostMemory(16);

        Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(host, new CUdeviceptr(0x2fff_0000_0000), 16, stage.Stream));

        Assert.NotEqual(CUresult.CUDA_SUCCESS, stage.Driver.cuStreamSynchronize(stage.Stream));
        Assert.Equal("cuMemcpyDtoHAsync_v2", stage.Driver.TakeDeferredFailure());
    }

    [Fact]
    public void CopyToDevice_OfMemoryThatAFunctionOfTheStreamWrites_TakesWhatItWrote()
    {
        using var stage = new Stage();
        byte* host = stage.HostMemory(Bytes, 1);
        CUdeviceptr device = stage.DeviceMemory(Bytes, 0);
        using var fill = new HostFunction(() => new Span<byte>(host, Bytes).Fill(42));

        stage.Hold();
        Cuda.Ok(stage.Driver.cuLaunchHostFunc(stage.Stream, HostFunction.Function, fill.Data));
        Cuda.Ok(stage.Driver.cuMemcpyHtoDAsync_v2(device, host, Bytes, stage.Stream));
        stage.LetGo();
        Cuda.Ok(stage.Driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal(-1, stage.Driver.Read(device, Bytes).AsSpan().IndexOfAnyExcept((byte)42));
    }

    [Fact]
    public void CopiesAndFunctions_InTurn_SeeEachOthersData()
    {
        using var stage = new Stage();
        const int Rounds = 200;
        int* host = (int*)stage.HostMemory(sizeof(int));
        CUdeviceptr device = stage.DeviceMemory(sizeof(int), 0);
        using var increment = new HostFunction(() => ++*host);
        for (int round = 0; round < Rounds; round++)
        {
            Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(host, device, sizeof(int), stage.Stream));
            Cuda.Ok(stage.Driver.cuLaunchHostFunc(stage.Stream, HostFunction.Function, increment.Data));
            Cuda.Ok(stage.Driver.cuMemcpyHtoDAsync_v2(device, host, sizeof(int), stage.Stream));
        }

        Cuda.Ok(stage.Driver.cuStreamSynchronize(stage.Stream));
        Assert.Equal(Rounds, BitConverter.ToInt32(stage.Driver.Read(device, sizeof(int))));
    }

    [Fact]
    public void FreeHost_UnderACopy_WaitsForIt()
    {
        using var stage = new Stage();
        CUdeviceptr device = stage.DeviceMemory(Bytes, 7);
        byte* host = stage.HostMemory(Bytes);
        stage.Hold();
        Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(host, device, Bytes, stage.Stream));

        var free = new Worker(() =>
        {
            Cuda.Ok(stage.Driver.cuCtxSetCurrent(stage.Context));
            Cuda.Ok(stage.Driver.cuMemFreeHost(host));
        });
        Assert.True(free.IsRunning);
        Assert.NotEqual(0, stage.Driver.Session.Host.PendingBytes);
        stage.LetGo();
        free.Ends();

        Assert.Equal(0, stage.Driver.Session.Host.PendingBytes);
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
}
