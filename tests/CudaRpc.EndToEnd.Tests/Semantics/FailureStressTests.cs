using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>Failures of posted calls are reported once, by name, in the context they happened in; failures of kernels until the context is gone.</summary>
public sealed unsafe class FailureStressTests
{
    private const int Seed = 20261124;

    [Fact]
    public void PostedFailures_OfManyThreads_AreReportedOnceEachWhereTheyHappened()
    {
        const int Threads = 6;
        const int Rounds = 200;
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        var nowhere = new CUdeviceptr(64);
        int[] reported = new int[Threads];
        int[] provoked = new int[Threads];

        Worker[] threads = Worker.Start(Threads, index =>
        {
            var random = new Random(Seed + index);
            driver.CreateContext();
            CUdeviceptr memory = driver.Allocate(64);
            for (int round = 0; round < Rounds; round++)
            {
                string? failing = random.Next(4) switch
                {
                    0 => nameof(CudaDriver.cuMemsetD8_v2),
                    1 => nameof(CudaDriver.cuMemcpyDtoD_v2),
                    2 => nameof(CudaDriver.cuMemcpyDtoDAsync_v2),
                    _ => null,
                };
                switch (failing)
                {
                    case nameof(CudaDriver.cuMemsetD8_v2):
                        Cuda.Ok(driver.cuMemsetD8_v2(nowhere, 1, 1));
                        break;
                    case nameof(CudaDriver.cuMemcpyDtoD_v2):
                        Cuda.Ok(driver.cuMemcpyDtoD_v2(memory, nowhere, 1));
                        break;
                    case nameof(CudaDriver.cuMemcpyDtoDAsync_v2):
                        Cuda.Ok(driver.cuMemcpyDtoDAsync_v2(nowhere, memory, 1, default));
                        break;
                }

                // Another one behind it: the first is the one that counts.
                Cuda.Ok(driver.cuMemsetD8_v2(memory, 1, 64));
                CUresult result = driver.cuCtxSynchronize();
                Assert.Equal(failing is null ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE, result);
                Assert.Equal(failing, driver.TakeDeferredFailure());
                provoked[index] += failing is null ? 0 : 1;
                reported[index] += result == CUresult.CUDA_SUCCESS ? 0 : 1;
            }
        });
        Array.ForEach(threads, static thread => thread.Ends());

        Assert.Equal(provoked, reported);
        Assert.True(reported.Sum() > Threads * Rounds / 2);
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Fact]
    public void AFaultingKernel_FailsItsContextForAllThreadsUntilItIsGone_AndNoOther()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUcontext faulty = driver.CreateContext();
        CUdeviceptr lost = driver.Allocate(16);
        CUfunction outside = driver.Function(driver.Load(WorkPtx.Text), "outside");
        Cuda.Ok(driver.Launch(outside, []));

        // Whichever call it is: every one says so, again and again.
        for (int round = 0; round < 20; round++)
        {
            Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, driver.cuCtxSynchronize());
            Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, driver.cuStreamSynchronize(default));
            Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, driver.TryAllocate(16));
            Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, driver.cuMemsetD8_v2(lost, 1, 16));
        }

        Worker.Run(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(faulty));
            Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, driver.cuCtxSynchronize());
            Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));
            Cuda.Ok(driver.cuCtxSynchronize());
            Assert.Equal(-1, driver.Read(stage.DeviceMemory(16, 3), 16).AsSpan().IndexOfAnyExcept((byte)3));
        });
        Cuda.Ok(driver.cuCtxDestroy_v2(faulty));
        Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Fact]
    public void CopiesAndFunctions_OfAContextThatFailed_AreNotWaitedForAnyMore()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        byte* host = stage.HostMemory(1000);
        CUcontext faulty = driver.CreateContext();
        CUdeviceptr memory = driver.Allocate(1000);
        CUfunction outside = driver.Function(driver.Load(WorkPtx.Text), "outside");
        CUstream stream = driver.CreateStream();
        bool called = false;
        using var never = new HostFunction(() => called = true);
        stage.Hold(stream);
        Cuda.Ok(driver.Launch(outside, [], stream));
        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, memory, 1000, stream));
        Cuda.Ok(driver.cuLaunchHostFunc(stream, HostFunction.Function, never.Data));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_READY, driver.cuStreamQuery(stream));
        stage.LetGo();
        Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, driver.cuCtxSynchronize());
        Cuda.Ok(driver.cuCtxDestroy_v2(faulty));
        Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));

        Assert.Equal((0L, 0), (stage.Driver.Session.Host.PendingBytes, stage.Driver.Session.Host.PendingCalls));
        Assert.False(called);
    }

    [Fact]
    public void ACopyToTheHost_ThatFails_IsNotWaitedForAnyMore()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        byte* host = stage.HostMemory(16, 5);

        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, new CUdeviceptr(64), 16, stage.Stream));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuStreamSynchronize(stage.Stream));

        Condition.Becomes(0L, () => stage.Driver.Session.Host.PendingBytes);
        Assert.Equal(5, host[0]);
    }
}
