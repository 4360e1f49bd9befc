using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>What one thread's call has begun, every call after it sees, in any thread: by the results of real work.</summary>
public sealed unsafe class CrossThreadOrderTests
{
    private const int Seed = 20261124;
    private const int LargeCopy = 1 << 20;

    [Fact]
    public void WorkHandedFromThreadToThread_IsDoneInThatOrder()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr value = stage.DeviceMemory(LargeCopy, 0);
        byte[] large = new byte[LargeCopy];
        CUfunction affine = driver.Function(driver.Load(WorkPtx.Text), "affine");
        CUstream[] streams = [driver.CreateStream(), driver.CreateStream()];
        CUevent mark = driver.CreateEvent();
        var random = new Random(Seed);
        CUstream current = streams[0];
        uint expected = 0;

        Relay.Run(threads: 8, turns: 1000, Seed, turn =>
        {
            uint number = (uint)turn;
            Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));
            switch (random.Next(10))
            {
                case 0:
                    Cuda.Ok(driver.cuMemsetD32Async(value, number, 1, current));
                    expected = number;
                    break;
                case 1:
                    // Long under way, so that what comes after it would be there first.
                    BitConverter.TryWriteBytes(large, number);
                    fixed (byte* start = large)
                    {
                        Cuda.Ok(driver.cuMemcpyHtoDAsync_v2(value, start, LargeCopy, current));
                    }

                    expected = number;
                    break;
                case 2:
                    // The next turns' work is another stream's, and waits for this one's.
                    Cuda.Ok(driver.cuEventRecord(mark, current));
                    current = streams[random.Next(streams.Length)];
                    Cuda.Ok(driver.cuStreamWaitEvent(current, mark, 0));
                    break;
                default:
                    Cuda.Ok(driver.Affine(affine, value, 3, number, current));
                    expected = (expected * 3) + number;
                    break;
            }
        });
        Cuda.Ok(driver.cuCtxSynchronize());

        Assert.Equal(expected, BitConverter.ToUInt32(driver.Read(value, 4)));
    }

    [Fact]
    public void Synchronize_AfterOtherThreadsHavePosted_CoversTheirWork()
    {
        const int Threads = 4;
        const int Rounds = 200;
        const int Bytes = 4096;
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        byte*[] host = new byte*[Threads];
        var device = new CUdeviceptr[Threads];
        for (int index = 0; index < Threads; index++)
        {
            host[index] = stage.HostMemory(Bytes);
            device[index] = stage.DeviceMemory(Bytes, 0);
        }

        using var barrier = new Barrier(Threads + 1);
        Worker[] threads = Worker.Start(Threads, index =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));
            CUstream stream = driver.CreateStream();
            for (int round = 1; round <= Rounds; round++)
            {
                Cuda.Ok(driver.cuMemsetD8Async(device[index], (byte)round, Bytes, stream));
                Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host[index], device[index], Bytes, stream));
                Meet(barrier);
                Meet(barrier);
            }
        });
        for (int round = 1; round <= Rounds; round++)
        {
            Meet(barrier);
            Cuda.Ok(driver.cuCtxSynchronize());
            Assert.All(Enumerable.Range(0, Threads), index => Assert.Equal(-1, new Span<byte>(host[index], Bytes).IndexOfAnyExcept((byte)round)));
            Meet(barrier);
        }

        Array.ForEach(threads, static thread => thread.Ends());
    }

    [Fact]
    public void ThingsMadeByOneThread_AreThereForTheNextAtOnce()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUmodule module = driver.Load(WorkPtx.Text);
        CUdeviceptr value = stage.DeviceMemory(4, 0);
        var random = new Random(Seed);
        CUstream stream = default;
        CUevent mark = default;
        CUfunction affine = driver.Function(module, "affine");
        uint expected = 0;

        // Creation, use and destruction are posted by different threads: none may overtake another.
        Relay.Run(threads: 6, turns: 3000, Seed, turn =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));
            switch (turn % 6)
            {
                case 0:
                    stream = driver.CreateStream();
                    break;
                case 1:
                    mark = driver.CreateEvent();
                    break;
                case 2:
                    Cuda.Ok(driver.Affine(affine, value, 5, (uint)turn, stream));
                    expected = (expected * 5) + (uint)turn;
                    break;
                case 3:
                    Cuda.Ok(driver.cuEventRecord(mark, stream));
                    break;
                case 4:
                    Cuda.Ok(driver.cuStreamDestroy_v2(stream));
                    // The next round's stream has to wait for this one's.
                    Cuda.Ok(driver.cuStreamWaitEvent(default, mark, 0));
                    break;
                default:
                    Cuda.Ok(driver.cuEventDestroy_v2(mark));
                    break;
            }
        });
        Cuda.Ok(driver.cuCtxSynchronize());

        Assert.Null(driver.TakeDeferredFailure());
        Assert.Equal(expected, BitConverter.ToUInt32(driver.Read(value, 4)));
        // The context, the stage's stream, the module and its function.
        Assert.Equal(4, stage.Server.Server.Usage.Handles);
    }

    private static void Meet(Barrier barrier) => Assert.True(barrier.SignalAndWait(Condition.Deadline), "a thread did not come");
}
