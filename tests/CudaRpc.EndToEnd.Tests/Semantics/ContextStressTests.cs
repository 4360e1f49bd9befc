using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>Each thread has its own stack of contexts, and the server makes every call in the one on its top.</summary>
public sealed unsafe class ContextStressTests
{
    private const CUlimit Mark = CUlimit.CU_LIMIT_MALLOC_HEAP_SIZE;
    private const int Seed = 20261124;

    [Fact]
    public void Calls_OfThreadsThatPushPopAndSet_AreMadeInTheirOwnCurrentContext()
    {
        const int Contexts = 5;
        const int Threads = 8;
        const int Rounds = 400;
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUcontext[] contexts = [.. Enumerable.Range(0, Contexts).Select(_ => driver.CreateContext())];
        foreach (CUcontext context in contexts)
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            Cuda.Ok(driver.cuCtxSetLimit(Mark, (nuint)context.Value));
        }

        Worker[] threads = Worker.Start(Threads, index =>
        {
            var random = new Random(Seed + index);
            var stack = new Stack<CUcontext>();
            for (int round = 0; round < Rounds; round++)
            {
                CUcontext context = contexts[random.Next(Contexts)];
                switch (random.Next(3))
                {
                    case 0:
                        Cuda.Ok(driver.cuCtxPushCurrent_v2(context));
                        stack.Push(context);
                        break;
                    case 1 when stack.Count > 0:
                        CUcontext popped;
                        Cuda.Ok(driver.cuCtxPopCurrent_v2(&popped));
                        Assert.Equal(stack.Pop(), popped);
                        break;
                    default:
                        Cuda.Ok(driver.cuCtxSetCurrent(context));
                        stack.TryPop(out _);
                        stack.Push(context);
                        break;
                }

                // The server says which context the call was made in; some calls are posted before it says so.
                CUstream stream = default;
                nuint mark;
                if (stack.TryPeek(out CUcontext expected))
                {
                    stream = driver.CreateStream();
                    Cuda.Ok(driver.cuCtxGetLimit(&mark, Mark));
                    Assert.Equal(((nuint)expected.Value, expected), (mark, driver.CurrentContext()));
                    CUcontext of;
                    Cuda.Ok(driver.cuStreamGetCtx(stream, &of));
                    Assert.Equal(expected, of);
                    Cuda.Ok(driver.cuStreamDestroy_v2(stream));
                }
                else
                {
                    Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, driver.cuCtxGetLimit(&mark, Mark));
                }
            }
        });
        Array.ForEach(threads, static thread => thread.Ends());
    }

    [Fact]
    public void Calls_AfterACreatedContextIsPopped_AreMadeInTheOneBelow()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        Cuda.Ok(driver.cuCtxSynchronize());
        CUcontext made = driver.CreateContext(), popped, of;
        Cuda.Ok(driver.cuCtxPopCurrent_v2(&popped));

        CUstream stream = driver.CreateStream();

        Assert.Equal(made, popped);
        Cuda.Ok(driver.cuCtxDestroy_v2(made));
        Cuda.Ok(driver.cuStreamGetCtx(stream, &of));
        Assert.Equal(stage.Context, of);
        Cuda.Ok(driver.cuStreamQuery(stream));
    }

    [Fact]
    public void PostedWork_OfThreadsInDifferentContexts_StaysThere()
    {
        const int Threads = 6;
        const int Rounds = 30;
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;

        // Each round's context takes with it exactly what its thread made in it by posted calls.
        Worker[] threads = Worker.Start(Threads, index =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                CUcontext own = driver.CreateContext();
                CUstream stream = driver.CreateStream();
                CUevent mark = driver.CreateEvent();
                CUdeviceptr memory = driver.Allocate(64);
                Cuda.Ok(driver.cuMemsetD8Async(memory, (byte)(index + 1), 64, stream));
                Cuda.Ok(driver.cuEventRecord(mark, stream));
                Cuda.Ok(driver.cuEventSynchronize(mark));
                Assert.Equal(-1, driver.Read(memory, 64).AsSpan().IndexOfAnyExcept((byte)(index + 1)));
                Cuda.Ok(driver.cuCtxDestroy_v2(own));
                Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuStreamQuery(stream));
            }
        });
        Array.ForEach(threads, static thread => thread.Ends());

        // The stage's context and stream.
        Assert.Equal((2, 0L), (stage.Server.Server.Usage.Handles, stage.Server.Server.Usage.MemoryBytes));
    }

    [Fact]
    public void AContext_DestroyedUnderAnotherThread_LeavesThatThreadWithout()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUcontext shared = driver.CreateContext();
        CUstream stream = driver.CreateStream();
        CUdeviceptr memory = driver.Allocate(16);
        using var ready = new ManualResetEvent(false);
        using var destroyed = new ManualResetEvent(false);
        var other = new Worker(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));
            Cuda.Ok(driver.cuCtxPushCurrent_v2(shared));
            Cuda.Ok(driver.cuMemsetD8Async(memory, 1, 16, stream));
            ready.Set();
            Condition.IsSet(destroyed, "the destruction");

            Assert.NotEqual(CUresult.CUDA_SUCCESS, driver.cuCtxSynchronize());
            Assert.NotEqual(CUresult.CUDA_SUCCESS, driver.TryAllocate(16));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuMemsetD8Async(memory, 1, 16, stream));
            CUcontext popped;
            Cuda.Ok(driver.cuCtxPopCurrent_v2(&popped));
            Assert.Equal((shared, stage.Context), (popped, driver.CurrentContext()));
            Cuda.Ok(driver.cuCtxSynchronize());
            Cuda.Ok(driver.TryAllocate(16));
        });
        Condition.IsSet(ready, "the other thread");

        Cuda.Ok(driver.cuCtxDestroy_v2(shared));
        destroyed.Set();

        other.Ends();
    }
}
