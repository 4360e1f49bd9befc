using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Server;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>Threads of the program come and go; their lanes go with them.</summary>
public sealed class LaneTests
{
    private const int Limit = 8;

    [Theory]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void LanesOfEndedThreads_AreClosed_AndTheirPostedCallsCarriedOut(string transport)
    {
        const int Threads = 20;
        var serving = new ConcurrentDictionary<Thread, int>();
        var behind = new OwnFakeDriver
        {
            Hook = name =>
            {
                serving[Thread.CurrentThread] = 0;
                return CUresult.CUDA_SUCCESS;
            },
        };
        using var server = new TestServer(() => behind);
        using RemoteDriver driver = server.Connect(transport);
        CUcontext context = driver.CreateContext();
        CUdeviceptr address = driver.Allocate(Threads);
        for (int index = 0; index < Threads; index++)
        {
            Worker.Run(() =>
            {
                Cuda.Ok(driver.cuCtxSetCurrent(context));
                Cuda.Ok(driver.cuMemsetD8_v2(address + (ulong)index, (byte)(index + 1), 1));
            });
        }

        Assert.Equal(Enumerable.Range(1, Threads).Select(number => (byte)number), driver.Read(address, Threads));
        Assert.Equal(Threads + 1, serving.Count);
        Condition.Becomes(1, () =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return serving.Keys.Count(thread => thread.IsAlive);
        });
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Fact]
    public void ShortLivedThreads_FarMoreThanLanesAllowed_AllSucceed()
    {
        using var server = new TestServer(() => new OwnFakeDriver(), new ServerLimits { LanesPerSession = Limit });
        using RemoteDriver driver = server.Connect();
        CUcontext context = driver.CreateContext();
        for (int index = 0; index < Limit * 20; index++)
        {
            Worker.Run(() =>
            {
                Cuda.Ok(driver.cuCtxSetCurrent(context));
                Cuda.Ok(driver.cuStreamQuery(default));
            });
        }
    }

    [Fact]
    public void ThreadWithoutADescriptor_FailsAlone_AndMayTryAgain()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = server.Connect();
        CUcontext context = driver.CreateContext();
        using var limited = new ManualResetEvent(false);
        using var failed = new ManualResetEvent(false);
        using var restored = new ManualResetEvent(false);
        CUresult first = CUresult.CUDA_SUCCESS, second = first;
        var worker = new Worker(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            limited.WaitOne(Condition.Deadline);
            first = driver.cuCtxSynchronize();
            failed.Set();
            restored.WaitOne(Condition.Deadline);
            second = driver.cuCtxSynchronize();
        });
        using (new FewDescriptors())
        {
            limited.Set();
            Condition.IsSet(failed, "the call without a descriptor");
        }

        restored.Set();
        worker.Ends();
        Assert.Equal((CUresult.CUDA_ERROR_OUT_OF_MEMORY, CUresult.CUDA_SUCCESS), (first, second));
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Fact]
    public void OneThreadTooMany_FailsAlone()
    {
        using var server = new TestServer(() => new OwnFakeDriver(), new ServerLimits { LanesPerSession = Limit });
        using RemoteDriver driver = server.Connect();
        CUcontext context = driver.CreateContext();
        using var end = new ManualResetEvent(false);
        using var ready = new CountdownEvent(Limit - 1);
        var results = new ConcurrentBag<CUresult>();
        Worker[] threads = Worker.Start(Limit - 1, _ =>
        {
            driver.cuCtxSetCurrent(context);
            results.Add(driver.cuStreamQuery(default));
            ready.Signal();
            Condition.IsSet(end, "the end");
            results.Add(driver.cuStreamQuery(default));
        });
        Condition.IsSet(ready.WaitHandle, "all lanes");

        Worker.Run(() =>
        {
            driver.cuCtxSetCurrent(context);
            Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, driver.cuStreamQuery(default));
        });
        end.Set();
        Array.ForEach(threads, static thread => thread.Ends());

        Assert.Equal(Enumerable.Repeat(CUresult.CUDA_SUCCESS, 2 * (Limit - 1)), results);
        Cuda.Ok(driver.cuStreamQuery(default));
    }
}
