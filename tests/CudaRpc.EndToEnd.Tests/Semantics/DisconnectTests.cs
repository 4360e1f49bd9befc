using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;
using CudaRpc.Simulator;
using ServerUsage = CudaRpc.Server.ServerUsage;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A session that ends, in whatever it is, gives back everything, and the others on the same GPU do not notice.</summary>
public sealed unsafe class DisconnectTests
{
    public enum UnderWay
    {
        EndlessKernel,
        QueueBehindIt,
        CopiesToTheHost,
        WaitingThread,
        FunctionOfTheProgram,
        PostedFree,
        ContextEnd,
    }

    public static TheoryData<UnderWay, bool> Ends => new(
        Enum.GetValues<UnderWay>().SelectMany(static kind => new (UnderWay, bool)[] { (kind, true), (kind, false) }));

    [Theory]
    [MemberData(nameof(Ends))]
    public void End_WhileSomethingIsUnderWay_ReleasesAll(UnderWay underWay, bool orderly)
    {
        using var gpu = new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 1UL << 30 });
        using var server = new TestServer(() => new SimulatedDriver(gpu, static _ => { }));
        using RemoteDriver stays = server.Connect();
        stays.CreateContext();
        CUdeviceptr kept = stays.Allocate(16);
        stays.Write(kept, [1, 2, 3, 4]);
        ServerUsage before = server.Server.Usage;
        ulong used = gpu.Devices[0].Memory.Used;
        using var release = new ManualResetEventSlim();
        using var begun = new ManualResetEvent(false);
        using var held = new HostFunction(() =>
        {
            begun.Set();
            release.Wait(Condition.Deadline);
        });

        RemoteDriver leaves = server.Connect();
        Worker? thread = Begin(leaves, underWay, held);
        if (underWay == UnderWay.FunctionOfTheProgram)
        {
            Condition.IsSet(begun, "the function");
        }

        if (orderly)
        {
            leaves.Dispose();
        }
        else
        {
            // As where the program is killed: no goodbyes.
            leaves.Session.HostLinkEnded(new IOException("cut"));
        }

        Condition.Becomes(before, () => server.Server.Usage);
        Assert.Equal(used, gpu.Devices[0].Memory.Used);
        release.Set();
        thread?.Ends();
        Assert.Equal([1, 2, 3, 4], stays.Read(kept, 4));
        Cuda.Ok(stays.cuCtxSynchronize());
        leaves.Dispose();
    }

    [Fact]
    public void ManySessions_OfWhichMostEndAnyhow_LeaveTheOthersRight()
    {
        const int Sessions = 40;
        using var gpu = new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 1UL << 30 });
        using var server = new TestServer(() => new SimulatedDriver(gpu, static _ => { }));
        using RemoteDriver stays = server.Connect();
        stays.CreateContext();
        CUfunction affine = stays.Function(stays.Load(WorkPtx.Text), "affine");
        CUdeviceptr value = stays.Allocate(4);
        Cuda.Ok(stays.cuMemsetD32_v2(value, 0, 1));
        var random = new Random(20261124);
        uint expected = 0;
        for (uint index = 0; index < Sessions; index++)
        {
            RemoteDriver leaves = server.Connect();
            Begin(leaves, (UnderWay)random.Next(3), null);
            Cuda.Ok(stays.Affine(affine, value, 3, index, default));
            expected = (expected * 3) + index;
            if (random.Next(2) == 0)
            {
                leaves.Session.HostLinkEnded(new IOException("cut"));
            }

            leaves.Dispose();
        }

        Condition.Becomes(1, () => server.Server.Usage.Sessions);
        Assert.Equal(expected, BitConverter.ToUInt32(stays.Read(value, 4)));
    }

    private static Worker? Begin(RemoteDriver driver, UnderWay underWay, HostFunction? held)
    {
        CUcontext context = driver.CreateContext();
        CUstream stream = driver.CreateStream();
        CUmodule module = driver.Load(WorkPtx.Text);
        CUdeviceptr flag = driver.Allocate(4);
        Cuda.Ok(driver.cuMemsetD32_v2(flag, 0, 1));
        driver.Allocate(10 << 20);
        CUdeviceptr memory = driver.Allocate(1 << 20);
        CUfunction nothing = driver.Function(module, "nothing");
        void* host;
        Cuda.Ok(driver.cuMemHostAlloc(&host, 1 << 20, 0));
        if (underWay == UnderWay.FunctionOfTheProgram)
        {
            Cuda.Ok(driver.cuLaunchHostFunc(stream, HostFunction.Function, held!.Data));
        }
        else
        {
            Cuda.Ok(driver.Forever(driver.Function(module, "forever"), flag, stream));
        }

        for (int index = 0; underWay == UnderWay.QueueBehindIt && index < 1000; index++)
        {
            Cuda.Ok(driver.Launch(nothing, [], stream));
        }

        for (int index = 0; underWay == UnderWay.CopiesToTheHost && index < 20; index++)
        {
            Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, memory, 1 << 20, stream));
        }

        if (underWay == UnderWay.PostedFree)
        {
            Cuda.Ok(driver.cuMemFree_v2(memory));
            Cuda.Ok(driver.cuModuleUnload(module));
        }

        Assert.Equal(CUresult.CUDA_ERROR_NOT_READY, driver.cuStreamQuery(stream));
        if (underWay is not (UnderWay.WaitingThread or UnderWay.ContextEnd))
        {
            return null;
        }

        long synchronous = driver.Session.Statistics.Synchronous;
        var thread = new Worker(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            Assert.NotEqual(
                CUresult.CUDA_SUCCESS, underWay == UnderWay.ContextEnd ? driver.cuCtxDestroy_v2(context) : driver.cuStreamSynchronize(stream));
        });
        Condition.Holds(() => driver.Session.Statistics.Synchronous > synchronous, "the thread's wait");
        return thread;
    }
}
