using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Server;
using CudaRpc.Simulator;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>Functions of the program that streams call.</summary>
public sealed unsafe class HostFunctionTests
{
    [Fact]
    public void LaunchHostFunc_ManyInAStream_RunInOrder()
    {
        using var stage = new Stage();
        var seen = new List<int>();
        HostFunction[] functions = [.. Enumerable.Range(0, 500).Select(number => new HostFunction(() => seen.Add(number)))];
        foreach (HostFunction function in functions)
        {
            Cuda.Ok(stage.Driver.cuLaunchHostFunc(stage.Stream, HostFunction.Function, function.Data));
        }

        Cuda.Ok(stage.Driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal(Enumerable.Range(0, functions.Length), seen);
        Assert.Equal(0, stage.Driver.Session.Host.PendingCalls);
        Array.ForEach(functions, static function => function.Dispose());
    }

    [Fact]
    public void LaunchHostFunc_ThatBlocks_HoldsItsStreamAndNothingElse()
    {
        using var stage = new Stage();
        CUstream other = stage.Driver.CreateStream();
        CUdeviceptr device = stage.DeviceMemory(100, 6);
        byte* host = stage.HostMemory(100);
        stage.Hold();
        Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(host, device, 100, other));

        Cuda.Ok(stage.Driver.cuStreamSynchronize(other));

        Assert.Equal(6, host[99]);
        Assert.Equal(CUresult.CUDA_ERROR_NOT_READY, stage.Driver.cuStreamQuery(stage.Stream));
    }

    [Fact]
    public void LaunchHostFunc_OnTheDefaultStreams_Runs()
    {
        using var stage = new Stage();
        int calls = 0;
        using var function = new HostFunction(() => calls++);

        Cuda.Ok(stage.Driver.cuLaunchHostFunc(default, HostFunction.Function, function.Data));
        Cuda.Ok(stage.Driver.cuLaunchHostFunc_ptsz(default, HostFunction.Function, function.Data));
        Cuda.Ok(stage.Driver.cuCtxSynchronize());

        Assert.Equal(2, calls);
    }

    [Fact]
    public void AddCallback_IsToldTheProgramsStreamAndTheStatus()
    {
        using var stage = new Stage();
        (CUstream Stream, CUresult Status) seen = default;
        using var function = new HostFunction((stream, status) => seen = (stream, status));

        Cuda.Ok(stage.Driver.cuStreamAddCallback(stage.Stream, HostFunction.Callback, function.Data, 0));
        Cuda.Ok(stage.Driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal((stage.Stream, CUresult.CUDA_SUCCESS), seen);
    }

    [Fact]
    public void BadArguments_AreRefusedAtOnce()
    {
        using var stage = new Stage();
        using var function = new HostFunction(static () => { });
        CudaDriver driver = stage.Driver;

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuLaunchHostFunc(stage.Stream, null, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuStreamAddCallback(stage.Stream, null, null, 0));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuStreamAddCallback(stage.Stream, HostFunction.Callback, function.Data, 1));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuLaunchHostFunc(new CUstream(12345), HostFunction.Function, function.Data));
        Cuda.Ok(driver.cuCtxSetCurrent(default));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, driver.cuLaunchHostFunc(default, HostFunction.Function, function.Data));
        Assert.Equal(0, stage.Driver.Session.Host.PendingCalls);
    }

    [Fact]
    public void SessionEnd_WhileAFunctionRuns_EndsTheServersPart()
    {
        using var stage = new Stage();
        stage.Hold();
        Assert.Equal(CUresult.CUDA_ERROR_NOT_READY, stage.Driver.cuStreamQuery(stage.Stream));

        stage.Driver.Dispose();

        stage.Server.BecomesIdle();
    }

    [Fact]
    public void ServerEnd_WhileACopyIsAwaited_FailsTheWait()
    {
        using var stage = new Stage();
        CUdeviceptr device = stage.DeviceMemory(100, 6);
        byte* host = stage.HostMemory(100);
        stage.Hold();
        Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(host, device, 100, stage.Stream));
        var wait = new Worker(() =>
        {
            Cuda.Ok(stage.Driver.cuCtxSetCurrent(stage.Context));
            Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, stage.Driver.cuStreamSynchronize(stage.Stream));
        });

        stage.Server.Server.Dispose();

        wait.Ends();
    }

    // A client that has not noticed that its session ends: it must not take its function for called, nor its copies for there.
    [Fact]
    public void SessionEnd_WhileAFunctionIsAwaited_LeavesTheWaitWithoutAnAnswer()
    {
        const uint Context = 256;
        const ulong Handled = 1;
        using var gpu = new SimulatedGpu();
        using var server = new TestServer(() => new SimulatedDriver(gpu), new ServerLimits { Goodbyes = TimeSpan.FromMilliseconds(200) });
        using var session = new RawSession(server.UnixUrl);
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Call(CallId.cuCtxCreate_v2, static (ref MessagePackWriter writer) =>
        {
            writer.Write((long)HandleId.Make(HandleKind.CUcontext, Context));
            writer.Write(0);
            writer.Write(0);
        }));
        session.Context = Context;
        session.Post(CallId.cuLaunchHostFunc, static (ref MessagePackWriter writer) =>
        {
            writer.Write(0);
            writer.Write(Handled);
        });
        session.Lane.Send(RawPeer.Frame(CallId.cuCtxSynchronize, ++session.Sequence, [], context: Context));
        Assert.Equal(ControlId.HostCall, session.Control.Receive(out _).CallId);

        session.Control.Dispose();

        Assert.Equal(0, session.Lane.Connection.Receive(new byte[100]));
        server.BecomesIdle();
    }

    [Theory]
    [InlineData(ControlId.HostCall, 0)]
    [InlineData(ControlId.HostRead, 8)]
    [InlineData(ControlId.HostWrite, 0)]
    [InlineData(ControlId.HostNotify, 0)]
    public void AnAnswerThatNobodyWaitsFor_EndsTheSession(uint callId, int bulk)
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using var session = new RawSession(server.UnixUrl);

        session.Control.Send(RawPeer.Frame(callId, 1, [], FrameFlags.Reply, bulk: new byte[bulk]));

        session.IsClosed();
        server.BecomesIdle();
    }

    [Fact]
    public void Function_WhoseTurnComesAfterTheSessionsEnd_IsNotCalled()
    {
        using var stage = new Stage();
        using var begun = new ManualResetEvent(false);
        using var release = new ManualResetEvent(false);
        Thread caller = null!;
        bool called = false;
        using var first = new HostFunction(() =>
        {
            caller = Thread.CurrentThread;
            begun.Set();
            Condition.IsSet(release, "the release");
        });
        using var second = new HostFunction(() => called = true);
        Cuda.Ok(stage.Driver.cuLaunchHostFunc(stage.Stream, HostFunction.Function, first.Data));
        Condition.IsSet(begun, "the first function");
        // Asked for while the first one runs, and so next in turn.
        long received = stage.Driver.Session.Host.Statistics.BytesReceived;
        Cuda.Ok(stage.Driver.cuLaunchHostFunc(stage.Driver.CreateStream(), HostFunction.Function, second.Data));
        Condition.Holds(() => stage.Driver.Session.Host.Statistics.BytesReceived > received, "the request for the second function");

        stage.Driver.Dispose();
        release.Set();

        Assert.True(caller.Join(Condition.Deadline), "the thread that calls functions");
        Assert.False(called);
    }
}
