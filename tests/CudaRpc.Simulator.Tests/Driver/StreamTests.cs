namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class StreamTests
{
    [Fact]
    public void Work_InOneStream_RunsInOrder()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        var order = new List<int>();

        for (int i = 0; i < 100; i++)
        {
            int number = i;
            bench.Call(stream, () => order.Add(number));
        }
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(Enumerable.Range(0, 100), order);
    }

    [Fact]
    public void Query_SaysNotReadyUntilTheWorkIsDone()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        Gate gate = bench.Block(stream);

        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(stream));
        gate.Open();
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuStreamQuery(stream));
    }

    [Fact]
    public void Streams_RunSideBySide()
    {
        using var bench = new Bench();
        CUstream first = bench.NewStream(), second = bench.NewStream();
        using Gate gate = bench.Block(first);
        gate.WaitUntilReached();

        bench.Call(second, gate.Open);

        Bench.Must(bench.Driver.cuStreamSynchronize(first));
    }

    [Fact]
    public void ManyBlockedStreams_DoNotKeepOthersFromRunning()
    {
        using var bench = new Bench();
        CUstream source = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUevent marker = bench.NewEvent();
        int ran = 0;
        using (bench.Block(source))
        {
            Bench.Must(bench.Driver.cuEventRecord(marker, source));
            for (int i = 0; i < 200; i++)
            {
                CUstream waiting = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
                Bench.Must(bench.Driver.cuStreamWaitEvent(waiting, marker, 0));
                bench.Call(waiting, () => Interlocked.Increment(ref ran));
            }
            CUstream free = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
            bench.Call(free, static () => { });
            Bench.Must(bench.Driver.cuStreamSynchronize(free));
            Assert.Equal(0, ran);
        }
        Bench.Must(bench.Driver.cuCtxSynchronize());

        Assert.Equal(200, ran);
    }

    [Fact]
    public void WaitEvent_HoldsTheStreamUntilTheEvent()
    {
        using var bench = new Bench();
        CUstream first = bench.NewStream(), second = bench.NewStream();
        CUevent marker = bench.NewEvent();
        var order = new List<string>();
        using (bench.Block(first))
        {
            bench.Call(first, () => order.Add("first"));
            Bench.Must(bench.Driver.cuEventRecord(marker, first));
            Bench.Must(bench.Driver.cuStreamWaitEvent(second, marker, 0));
            bench.Call(second, () => order.Add("second"));
        }
        Bench.Must(bench.Driver.cuStreamSynchronize(second));

        Assert.Equal(["first", "second"], order);
    }

    [Fact]
    public void WaitEvent_OutlivesTheEventAndItsNextRecord()
    {
        using var bench = new Bench();
        CUstream first = bench.NewStream(), second = bench.NewStream(), third = bench.NewStream();
        CUevent marker = bench.NewEvent();
        bool ran = false;
        Gate firstGate = bench.Block(first), thirdGate = bench.Block(third);
        Bench.Must(bench.Driver.cuEventRecord(marker, first));
        Bench.Must(bench.Driver.cuStreamWaitEvent(second, marker, 0));
        bench.Call(second, () => ran = true);

        Bench.Must(bench.Driver.cuEventRecord(marker, third));
        Bench.Must(bench.Driver.cuEventDestroy_v2(marker));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(second));
        firstGate.Open();
        Bench.Must(bench.Driver.cuStreamSynchronize(second));

        Assert.True(ran);
        thirdGate.Open();
    }

    [Fact]
    public void LegacyStream_WaitsForBlockingStreams()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(4);
        using Gate gate = bench.Block(stream);
        Bench.Must(bench.Driver.cuMemsetD32Async(device, 1, 1, stream));
        Bench.Must(bench.Driver.cuMemsetD32Async(device, 2, 1, default));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(default));
        gate.Open();

        Bench.Must(bench.Driver.cuStreamSynchronize(default));

        Assert.Equal(2, bench.Read<int>(device));
    }

    [Fact]
    public void BlockingStreams_WaitForTheLegacyStream()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        using Gate gate = bench.Block(default);
        bool ran = false;

        bench.Call(stream, () => ran = true);
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(stream));
        Assert.False(ran);
        gate.Open();
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.True(ran);
    }

    [Fact]
    public void LegacyStream_OrdersTwoBlockingStreams()
    {
        using var bench = new Bench();
        CUstream first = bench.NewStream(), second = bench.NewStream();
        var order = new List<int>();
        using (bench.Block(first))
        {
            bench.Call(first, () => order.Add(1));
            bench.Call(default, () => order.Add(2));
            bench.Call(second, () => order.Add(3));
            bench.Call(new CUstream(1), () => order.Add(4));
        }
        Bench.Must(bench.Driver.cuCtxSynchronize());

        Assert.Equal([1, 2, 3, 4], order);
    }

    [Fact]
    public void NonBlockingStream_IgnoresTheLegacyStream()
    {
        using var bench = new Bench();
        CUstream free = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        bool ran = false;
        using Gate gate = bench.Block(default);

        bench.Call(free, () => ran = true);
        Bench.Must(bench.Driver.cuStreamSynchronize(free));
        Assert.True(ran);
        gate.Open();
        Bench.Must(bench.Driver.cuStreamSynchronize(default));

        using Gate other = bench.Block(free);
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuStreamQuery(default));
        CUdeviceptr device = bench.Allocate(4);
        bench.Write(device, 1);
    }

    [Fact]
    public void ThreadStream_IsTheCallingThreadsOwn()
    {
        using var bench = new Bench();
        var mine = new CUstream(2);
        ulong here, there = 0;
        Bench.Must(bench.Driver.cuStreamGetId(mine, &here));
        var thread = new Thread(() =>
        {
            ulong id;
            Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));
            Bench.Must(bench.Driver.cuStreamGetId(new CUstream(2), &id));
            there = id;
        });
        thread.Start();
        thread.Join();

        Assert.NotEqual(here, there);
        using Gate gate = bench.Block(mine);
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(default));
    }

    [Fact]
    public void PerThreadTwins_UseTheThreadStream()
    {
        using var bench = new Bench();
        using Gate gate = new();
        Bench.Must(bench.Driver.cuLaunchHostFunc_ptsz(default, HostCall.Function, HostCall.Data((Action)gate.Hold)));

        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(new CUstream(2)));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery_ptsz(default));
        gate.Open();
        Bench.Must(bench.Driver.cuStreamSynchronize_ptsz(default));
    }

    [Fact]
    public void Destroy_LetsQueuedWorkRun()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        bool ran = false;
        using (bench.Block(stream))
        {
            bench.Call(stream, () => ran = true);
            Bench.Must(bench.Driver.cuStreamDestroy_v2(stream));
            Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamQuery(stream));
        }
        Bench.Must(bench.Driver.cuCtxSynchronize());

        Assert.True(ran);
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamDestroy_v2(stream));
    }

    [Fact]
    public void Callback_GetsStreamAndStatus()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream(), seen = default;
        CUresult status = CUDA_ERROR_UNKNOWN;
        Action<CUstream, CUresult> callback = (s, r) => (seen, status) = (s, r);

        Bench.Must(bench.Driver.cuStreamAddCallback(stream, HostCall.Callback, HostCall.Data(callback), 0));
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(stream, seen);
        Assert.Equal(CUDA_SUCCESS, status);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamAddCallback(stream, null, null, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchHostFunc(stream, null, null));
    }

    [Fact]
    public void Callback_AfterAFault_GetsTheErrorAndHostFunctionIsSkipped()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUstream other = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUdeviceptr source = bench.Allocate(4), target = bench.Allocate(4);
        CUresult status = CUDA_SUCCESS;
        bool ran = false;
        Action<CUstream, CUresult> callback = (_, r) => status = r;
        using (bench.Block(stream))
        {
            Bench.Must(bench.Driver.cuMemcpyDtoDAsync_v2(target, source, 4, stream));
            bench.Call(stream, () => ran = true);
            Bench.Must(bench.Driver.cuStreamAddCallback(stream, HostCall.Callback, HostCall.Data(callback), 0));
            Bench.Must(bench.Driver.cuMemFreeAsync(source, other));
            Bench.Must(bench.Driver.cuStreamSynchronize(other));
        }
        bench.Driver.cuStreamSynchronize(stream);
        bench.Driver.cuCtxDestroy_v2(bench.Context);

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, status);
        Assert.False(ran);
    }

    [Fact]
    public void Properties_AreThoseOfTheCreation()
    {
        using var bench = new Bench(devices: 2);
        CUcontext second = bench.NewContext(1), owner;
        CUstream stream;
        uint flags;
        int priority, device;
        Bench.Must(bench.Driver.cuStreamCreateWithPriority(&stream, (uint)CUstream_flags.CU_STREAM_NON_BLOCKING, -100));
        Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));

        Bench.Must(bench.Driver.cuStreamGetFlags(stream, &flags));
        Bench.Must(bench.Driver.cuStreamGetPriority(stream, &priority));
        Bench.Must(bench.Driver.cuStreamGetCtx(stream, &owner));
        Bench.Must(bench.Driver.cuStreamGetDevice(stream, &device));

        Assert.Equal((1u, -5, second, 1), (flags, priority, owner, device));
        Bench.Must(bench.Driver.cuStreamGetCtx(default, &owner));
        Assert.Equal(bench.Context, owner);
    }

    [Fact]
    public void Handles_ThatAreNoStreams_AreInvalid()
    {
        using var bench = new Bench();
        CUstream created;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamCreate(&created, 2));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamCreate(null, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamSynchronize(new CUstream(3)));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamDestroy_v2(default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamWaitEvent(default, default, 0));
    }

    [Fact]
    public void Capture_IsNeverOn()
    {
        using var bench = new Bench();
        CUstreamCaptureStatus status;

        Bench.Must(bench.Driver.cuStreamIsCapturing(default, &status));

        Assert.Equal(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE, status);
    }

    [Fact]
    public void CaptureMode_IsExchangedPerThread()
    {
        using var bench = new Bench();
        CUstreamCaptureMode mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED, elsewhere = mode;

        Bench.Must(bench.Driver.cuThreadExchangeStreamCaptureMode(&mode));
        Assert.Equal(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL, mode);
        var thread = new Thread(() =>
        {
            CUstreamCaptureMode exchanged = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
            bench.Driver.cuThreadExchangeStreamCaptureMode(&exchanged);
            elsewhere = exchanged;
        });
        thread.Start();
        thread.Join();
        Bench.Must(bench.Driver.cuThreadExchangeStreamCaptureMode(&mode));

        Assert.Equal(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED, mode);
        Assert.Equal(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL, elsewhere);
        mode = (CUstreamCaptureMode)3;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuThreadExchangeStreamCaptureMode(&mode));
    }
}
