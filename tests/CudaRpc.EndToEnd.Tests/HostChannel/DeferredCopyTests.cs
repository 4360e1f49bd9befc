using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>Asynchronous copies from and to page-locked memory happen when the stream gets there.</summary>
public sealed unsafe class DeferredCopyTests
{
    private const int Bytes = 300_000;

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
}
