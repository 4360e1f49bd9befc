using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>Whatever a thread waits in, and whatever it posted that waits at the server: the other threads go on.</summary>
public sealed unsafe class BlockingStressTests
{
    private const uint NonBlocking = 1; // CU_STREAM_NON_BLOCKING
    private const int Rounds = 100;
    private const int LargeCopy = 1 << 20;

    public enum Blocking
    {
        StreamSynchronize,
        EventSynchronize,
        ContextSynchronize,
        CopyToHost,
        CopyToPageableHost,
        LargeCopyToDevice,
        ContextDestroy,
        PrimaryContextRelease,
        PrimaryContextReset,
        Free,
        ModuleUnload,
        AllOfThem,
    }

    public static TheoryData<Blocking> Kinds => [.. Enum.GetValues<Blocking>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void OtherThreads_WhileOneIsBlocked_GoOn(Blocking blocking)
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr value = stage.DeviceMemory(4, 0);
        CUfunction affine = driver.Function(driver.Load(WorkPtx.Text), "affine");
        CUstream free;
        Cuda.Ok(driver.cuStreamCreate(&free, NonBlocking));
        CUevent mark = driver.CreateEvent();
        uint* host = (uint*)stage.HostMemory(4);
        // A primary context that is ending cannot be reset; the thread that retains it for that would wait.
        Blocking[] kinds = blocking == Blocking.AllOfThem
            ? [.. Enum.GetValues<Blocking>().Where(static kind => kind is not (Blocking.AllOfThem or Blocking.PrimaryContextReset))]
            : [blocking];
        // Loading code may itself wait for what is queued.
        CUmodule module = driver.Load(WorkPtx.Text);
        CUdeviceptr memory = driver.Allocate(LargeCopy);
        CUdeviceptr freed = driver.Allocate(16);
        CUevent held = driver.CreateEvent();
        stage.Hold();
        Cuda.Ok(driver.cuEventRecord(held, stage.Stream));
        Worker[] blocked = [.. kinds.Select(kind => Block(stage, kind, module, kind == Blocking.Free ? freed : memory, held))];

        uint expected = 0;
        for (uint round = 0; round < Rounds; round++)
        {
            Cuda.Ok(driver.Affine(affine, value, 3, round, free));
            expected = (expected * 3) + round;
            Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, value, 4, free));
            Cuda.Ok(driver.cuEventRecord(mark, free));
            Cuda.Ok(driver.cuEventSynchronize(mark));
            Assert.Equal(expected, *host);
            driver.Allocate(4);
            CUstream made = driver.CreateStream();
            Cuda.Ok(driver.cuStreamQuery(made));
            Cuda.Ok(driver.cuStreamDestroy_v2(made));
        }

        for (int index = 0; index < kinds.Length; index++)
        {
            // Those that are posted keep nobody waiting, and their threads go on.
            Assert.True(kinds[index] >= Blocking.Free || blocked[index].IsRunning, $"{kinds[index]} did not wait");
        }

        Assert.Equal(CUresult.CUDA_ERROR_NOT_READY, driver.cuStreamQuery(stage.Stream));
        stage.LetGo();
        Array.ForEach(blocked, static worker => worker.Ends());
    }

    // Starts a thread that blocks, and returns when its call has been sent.
    private static Worker Block(Stage stage, Blocking kind, CUmodule module, CUdeviceptr memory, CUevent held)
    {
        RemoteDriver driver = stage.Driver;
        using var ready = new ManualResetEventSlim();
        long synchronous = 0;
        var worker = new Worker(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(stage.Context));
            Action call = Prepare(stage, kind, module, memory, held);
            synchronous = driver.Session.Statistics.Synchronous;
            ready.Set();
            call();
        });
        Assert.True(ready.Wait(Condition.Deadline), "the thread's preparation");
        if (kind >= Blocking.Free)
        {
            worker.Ends();
        }
        else
        {
            Condition.Holds(() => driver.Session.Statistics.Synchronous > synchronous, "the blocking call");
        }

        return worker;
    }

    private static Action Prepare(Stage stage, Blocking kind, CUmodule module, CUdeviceptr memory, CUevent held)
    {
        RemoteDriver driver = stage.Driver;
        byte[] bytes = new byte[LargeCopy];
        switch (kind)
        {
            case Blocking.StreamSynchronize:
                return () => Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));
            case Blocking.EventSynchronize:
                return () => Cuda.Ok(driver.cuEventSynchronize(held));
            case Blocking.ContextSynchronize:
                return () => Cuda.Ok(driver.cuCtxSynchronize());
            case Blocking.CopyToHost:
                return () => driver.Read(memory, 16);
            case Blocking.CopyToPageableHost:
                return () =>
                {
                    fixed (byte* start = bytes)
                    {
                        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(start, memory, 16, stage.Stream));
                    }
                };
            case Blocking.LargeCopyToDevice:
                return () => driver.Write(memory, bytes);
            case Blocking.Free:
                return () =>
                {
                    Cuda.Ok(driver.cuMemFree_v2(memory));
                    driver.CreateEvent();
                };
            case Blocking.ModuleUnload:
                return () =>
                {
                    Cuda.Ok(driver.cuModuleUnload(module));
                    driver.CreateEvent();
                };
            case Blocking.ContextDestroy:
                CUcontext own = driver.CreateContext();
                stage.Hold(driver.CreateStream());
                return () => Cuda.Ok(driver.cuCtxDestroy_v2(own));
            default:
                driver.Retain();
                stage.Hold(driver.CreateStream());
                return kind == Blocking.PrimaryContextRelease
                    ? () => Cuda.Ok(driver.cuDevicePrimaryCtxRelease_v2(0))
                    : () => Cuda.Ok(driver.cuDevicePrimaryCtxReset_v2(0));
        }
    }
}
