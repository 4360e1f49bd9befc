using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>What is destroyed while work uses it: the work is done, the handle is gone at once, and nobody else notices.</summary>
public sealed unsafe class DestroyInUseTests
{
    private const uint NonBlocking = 1; // CU_STREAM_NON_BLOCKING

    [Fact]
    public void Stream_WithWorkQueued_FinishesIt()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr value = stage.DeviceMemory(4, 0);
        CUfunction affine = driver.Function(driver.Load(WorkPtx.Text), "affine");
        uint* host = (uint*)stage.HostMemory(4);
        stage.Hold();
        uint expected = 0;
        for (uint number = 0; number < 50; number++)
        {
            Cuda.Ok(driver.Affine(affine, value, 3, number, stage.Stream));
            expected = (expected * 3) + number;
        }

        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, value, 4, stage.Stream));
        Cuda.Ok(driver.cuStreamDestroy_v2(stage.Stream));

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuStreamQuery(stage.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.Affine(affine, value, 3, 1, stage.Stream));
        Worker.Run(() => Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuStreamDestroy_v2(stage.Stream)));
        stage.LetGo();
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.Equal(expected, *host);
    }

    [Fact]
    public void Event_ThatAStreamWaitsFor_IsStillWaitedFor()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr value = stage.DeviceMemory(4, 0);
        CUfunction affine = driver.Function(driver.Load(WorkPtx.Text), "affine");
        CUstream waiting;
        Cuda.Ok(driver.cuStreamCreate(&waiting, NonBlocking));
        stage.Hold();
        Cuda.Ok(driver.Affine(affine, value, 0, 7, stage.Stream));
        CUevent mark = driver.CreateEvent();
        Cuda.Ok(driver.cuEventRecord(mark, stage.Stream));
        Cuda.Ok(driver.cuStreamWaitEvent(waiting, mark, 0));
        Cuda.Ok(driver.Affine(affine, value, 3, 1, waiting));

        Cuda.Ok(driver.cuEventDestroy_v2(mark));

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuEventQuery(mark));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_READY, driver.cuStreamQuery(waiting));
        stage.LetGo();
        Cuda.Ok(driver.cuStreamSynchronize(waiting));
        Assert.Equal(22u, BitConverter.ToUInt32(driver.Read(value, 4)));
    }

    [Fact]
    public void Module_WhoseKernelIsQueued_LetsItRun()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr value = stage.DeviceMemory(4, 0);
        CUmodule module = driver.Load(WorkPtx.Text);
        CUfunction affine = driver.Function(module, "affine");
        stage.Hold();
        Cuda.Ok(driver.Affine(affine, value, 0, 9, stage.Stream));

        Cuda.Ok(driver.cuModuleUnload(module));

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.Affine(affine, value, 0, 1, stage.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuModuleUnload(module));
        stage.LetGo();
        Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));
        Assert.Equal(9u, BitConverter.ToUInt32(driver.Read(value, 4)));
    }

    [Fact]
    public void Memory_ThatQueuedWorkUses_OutlivesIt()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        CUdeviceptr result = stage.DeviceMemory(4, 0);
        CUfunction affine = driver.Function(driver.Load(WorkPtx.Text), "affine");
        stage.Hold();
        Cuda.Ok(driver.Affine(affine, memory, 0, 11, stage.Stream));
        Cuda.Ok(driver.cuMemcpyDtoDAsync_v2(result, memory, 4, stage.Stream));

        Cuda.Ok(driver.cuMemFree_v2(memory));

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemFree_v2(memory));
        // It is not given to others while the work may still write it.
        CUdeviceptr other = driver.Allocate(4);
        Assert.NotEqual(memory, other);
        stage.LetGo();
        Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));
        Assert.Equal(11u, BitConverter.ToUInt32(driver.Read(result, 4)));
        Condition.Becomes(8L, () => stage.Server.Server.Usage.MemoryBytes);
    }

    [Fact]
    public void Memory_FreedInStreamOrder_IsUsedUntilThen()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr result = stage.DeviceMemory(4, 0);
        CUfunction affine = driver.Function(driver.Load(WorkPtx.Text), "affine");
        CUdeviceptr memory;
        Cuda.Ok(driver.cuMemAllocAsync(&memory, 4, stage.Stream));
        stage.Hold();
        Cuda.Ok(driver.Affine(affine, memory, 0, 13, stage.Stream));
        Cuda.Ok(driver.cuMemcpyDtoDAsync_v2(result, memory, 4, stage.Stream));
        Cuda.Ok(driver.cuMemFreeAsync(memory, stage.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemFreeAsync(memory, stage.Stream));
        stage.LetGo();

        Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal(13u, BitConverter.ToUInt32(driver.Read(result, 4)));
        Assert.Equal(4, stage.Server.Server.Usage.MemoryBytes);
    }

    [Fact]
    public void Context_WithWorkInSeveralStreams_FinishesItAndTheDataArrives()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUcontext ends = driver.CreateContext();
        CUfunction affine = driver.Function(driver.Load(WorkPtx.Text), "affine");
        const int Streams = 4;
        uint* host = (uint*)stage.HostMemory(4 * Streams);
        for (int index = 0; index < Streams; index++)
        {
            CUstream stream = driver.CreateStream();
            CUdeviceptr value = driver.Allocate(4);
            stage.Hold(stream);
            Cuda.Ok(driver.cuMemsetD32Async(value, 1, 1, stream));
            Cuda.Ok(driver.Affine(affine, value, 5, (uint)index, stream));
            Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host + index, value, 4, stream));
        }

        var destroys = new Worker(() => Cuda.Ok(driver.cuCtxDestroy_v2(ends)));
        Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.True(destroys.IsRunning);
        stage.LetGo();
        destroys.Ends();

        Assert.Equal([5, 6, 7, 8], new Span<uint>(host, Streams).ToArray());
        Assert.Equal((2, 0L), (stage.Server.Server.Usage.Handles, stage.Server.Server.Usage.MemoryBytes));
    }

    [Fact]
    public void ManyThreads_ThatDestroyAllAtOnceWithoutWaiting_LoseNoWorkAndLeaveNothing()
    {
        const int Threads = 4;
        const int Rounds = 40;
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr results = stage.DeviceMemory(4 * Threads * Rounds, 0);
        Worker[] threads = Worker.Start(Threads, index =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));
            for (int round = 0; round < Rounds; round++)
            {
                uint number = (uint)((index * Rounds) + round);
                CUmodule module = driver.Load(WorkPtx.Text);
                CUstream stream = driver.CreateStream();
                CUevent mark = driver.CreateEvent();
                CUdeviceptr memory = driver.Allocate(4);
                Cuda.Ok(driver.Affine(driver.Function(module, "affine"), memory, 0, number + 1, stream));
                Cuda.Ok(driver.cuEventRecord(mark, stream));
                Cuda.Ok(driver.cuMemcpyDtoDAsync_v2(results + (4 * number), memory, 4, stream));
                Cuda.Ok(driver.cuStreamDestroy_v2(stream));
                Cuda.Ok(driver.cuEventDestroy_v2(mark));
                Cuda.Ok(driver.cuModuleUnload(module));
                Cuda.Ok(driver.cuMemFree_v2(memory));
            }
        });
        Array.ForEach(threads, static thread => thread.Ends());
        Cuda.Ok(driver.cuCtxSynchronize());

        uint[] seen = new uint[Threads * Rounds];
        Buffer.BlockCopy(driver.Read(results, 4 * seen.Length), 0, seen, 0, 4 * seen.Length);
        Assert.Equal(Enumerable.Range(1, seen.Length).Select(number => (uint)number), seen);
        Condition.Becomes((2, 4L * seen.Length), () => (stage.Server.Server.Usage.Handles, stage.Server.Server.Usage.MemoryBytes));
        Assert.DoesNotContain(stage.Server.Log.Entries, entry => entry.Id == 204);
    }
}
