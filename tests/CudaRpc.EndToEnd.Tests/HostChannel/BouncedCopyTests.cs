using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>Page-locked memory that one copy writes and the next one reads, with no wait of the program in between.</summary>
public sealed unsafe class BouncedCopyTests
{
    private const int Bytes = 200_000;

    [Fact]
    public void CopyToDevice_OfWhatACopyBeforeItBrings_TakesThat()
    {
        using var stage = new Stage();
        CUdeviceptr source = stage.DeviceMemory(Bytes, 7);
        CUdeviceptr target = stage.DeviceMemory(Bytes, 0);
        byte* host = stage.HostMemory(Bytes, 1);
        stage.Hold();

        Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(host, source, Bytes, stage.Stream));
        Cuda.Ok(stage.Driver.cuMemcpyHtoDAsync_v2(target, host, Bytes, stage.Stream));
        stage.LetGo();

        Assert.Equal(-1, stage.Driver.Read(target, Bytes).AsSpan().IndexOfAnyExcept((byte)7));
    }

    [Fact]
    public void CopyToDevice_InAnotherStreamThatWaitsForTheCopy_TakesWhatItBrings()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr source = stage.DeviceMemory(Bytes, 7);
        CUdeviceptr target = stage.DeviceMemory(Bytes, 0);
        byte* host = stage.HostMemory(2 * Bytes, 1);
        CUstream second = driver.CreateStream();
        CUevent mark = driver.CreateEvent();
        stage.Hold();

        // Of the second copy's bytes, the last are among the first copy's.
        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host + Bytes - 10, source, Bytes, stage.Stream));
        Cuda.Ok(driver.cuEventRecord(mark, stage.Stream));
        Cuda.Ok(driver.cuStreamWaitEvent(second, mark, 0));
        Cuda.Ok(driver.cuMemcpyHtoDAsync_v2(target, host, Bytes, second));
        stage.LetGo();

        byte[] arrived = driver.Read(target, Bytes);
        Assert.Equal((1, 7), (arrived[Bytes - 11], arrived[Bytes - 10]));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(Bytes)]
    public void SynchronousCopyToDevice_AfterACopyOfABlockingStream_TakesWhatItBrings(int bytes)
    {
        using var stage = new Stage();
        CUdeviceptr source = stage.DeviceMemory(bytes, 7);
        CUdeviceptr target = stage.DeviceMemory(bytes, 0);
        byte* host = stage.HostMemory(bytes, 1);
        stage.Hold();
        Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(host, source, (nuint)bytes, stage.Stream));
        var copies = new Worker(() =>
        {
            Cuda.Ok(stage.Driver.cuCtxSetCurrent(stage.Context));
            Cuda.Ok(stage.Driver.cuMemcpyHtoD_v2(target, host, (nuint)bytes));
        });
        stage.LetGo();
        copies.Ends();

        Assert.Equal(-1, stage.Driver.Read(target, bytes).AsSpan().IndexOfAnyExcept((byte)7));
    }
}
