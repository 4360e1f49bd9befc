namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class ContextTests
{
    [Fact]
    public void Create_MakesTheContextCurrent()
    {
        using var bench = new Bench();

        Assert.Equal(bench.Context, Current(bench));
    }

    [Fact]
    public void Current_IsPerThread()
    {
        using var bench = new Bench();
        CUcontext elsewhere = bench.Context;
        CUresult allocation = CUDA_SUCCESS;

        OnThread(() =>
        {
            elsewhere = Current(bench);
            CUdeviceptr address;
            allocation = bench.Driver.cuMemAlloc_v2(&address, 16);
        });

        Assert.Equal(default, elsewhere);
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, allocation);
    }

    [Fact]
    public void PushAndPop_NestLikeAStack()
    {
        using var bench = new Bench();
        CUcontext second = bench.NewContext(), popped;

        Bench.Must(bench.Driver.cuCtxPopCurrent_v2(&popped));
        Assert.Equal(second, popped);
        Assert.Equal(bench.Context, Current(bench));
        Bench.Must(bench.Driver.cuCtxPushCurrent_v2(second));
        Assert.Equal(second, Current(bench));
        Bench.Must(bench.Driver.cuCtxPopCurrent_v2(null));
        Bench.Must(bench.Driver.cuCtxPopCurrent_v2(null));

        Assert.Equal(default, Current(bench));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxPopCurrent_v2(&popped));
    }

    [Fact]
    public void SetCurrent_ReplacesTheTop()
    {
        using var bench = new Bench();
        CUcontext second = bench.NewContext();

        Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));
        Assert.Equal(bench.Context, Current(bench));
        Bench.Must(bench.Driver.cuCtxSetCurrent(default));

        // Null takes the top off; the first context lies below.
        Assert.Equal(bench.Context, Current(bench));
        Bench.Must(bench.Driver.cuCtxDestroy_v2(second));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(7)]
    [InlineData(0x7fffffff0)]
    public void GarbageHandle_IsInvalidContext(long handle)
    {
        using var bench = new Bench();
        var garbage = new CUcontext((nint)handle);
        uint version;

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxSetCurrent(garbage));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxPushCurrent_v2(garbage));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxDestroy_v2(garbage));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxGetApiVersion(garbage, &version));
    }

    [Fact]
    public void HandleOfAnotherKind_IsInvalid()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxSetCurrent(new CUcontext(stream.Value)));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuEventQuery(new CUevent(stream.Value)));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamQuery(new CUstream(bench.Context.Value)));
    }

    [Fact]
    public void Destroy_OfCurrentContext_PopsItHereOnly()
    {
        using var bench = new Bench();
        CUresult elsewhere = CUDA_SUCCESS;
        using var current = new ManualResetEventSlim();
        using var destroyed = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            bench.Driver.cuCtxSetCurrent(bench.Context);
            current.Set();
            destroyed.Wait();
            elsewhere = bench.Driver.cuCtxSynchronize();
        });
        thread.Start();
        current.Wait();

        Bench.Must(bench.Driver.cuCtxDestroy_v2(bench.Context));
        destroyed.Set();
        thread.Join();

        Assert.Equal(default, Current(bench));
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, elsewhere);
    }

    [Fact]
    public void Destroy_Twice_IsInvalidTheSecondTime()
    {
        using var bench = new Bench();

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuCtxDestroy_v2(bench.Context));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxDestroy_v2(bench.Context));
    }

    [Fact]
    public void Destroy_FreesWhatTheContextOwned()
    {
        using var bench = new Bench(withContext: false);
        int handles = bench.Driver.HandleCount;
        CUcontext context = bench.NewContext();
        bench.Allocate(1000);
        CUstream stream = bench.NewStream();
        bench.NewEvent();
        bench.AllocateHost(100);

        Bench.Must(bench.Driver.cuCtxDestroy_v2(context));

        Assert.Equal(0ul, bench.Used);
        Assert.Equal(handles, bench.Driver.HandleCount);
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamSynchronize(stream));
    }

    [Fact]
    public void Destroy_WaitsForQueuedWork()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        bool ran = false;
        using Gate gate = bench.Block(stream);
        bench.Call(stream, () => ran = true);
        var opener = new Thread(gate.Open);
        opener.Start();

        Bench.Must(bench.Driver.cuCtxDestroy_v2(bench.Context));

        opener.Join();
        Assert.True(ran);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0x100)]
    public void Create_WithBadFlags_IsInvalid(uint flags)
    {
        using var bench = new Bench(withContext: false);
        CUcontext context;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxCreate_v2(&context, flags, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxCreate_v2(null, 0, 0));
    }

    [Fact]
    public void Create_ByNewerNames_IsTheSameWithoutParameters()
    {
        using var bench = new Bench(withContext: false);
        CUcontext third, fourth;
        CUexecAffinityParam_v1 affinity;
        CUctxCreateParams parameters = default;

        Bench.Must(bench.Driver.cuCtxCreate_v3(&third, null, 0, 0, 0));
        Bench.Must(bench.Driver.cuCtxCreate_v4(&fourth, &parameters, 0, 0));

        Assert.Equal(fourth, Current(bench));
        Assert.Equal(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, bench.Driver.cuCtxCreate_v3(&third, &affinity, 1, 0, 0));
        parameters.cigParams = (CUctxCigParam*)&affinity;
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuCtxCreate_v4(&fourth, &parameters, 0, 0));
    }

    [Fact]
    public void Queries_TellOfTheCurrentAndOfAGivenContext()
    {
        using var bench = new Bench(devices: 2);
        CUcontext second = bench.NewContext(1);
        int device;
        ulong firstId, secondId;
        uint version, flags;

        Bench.Must(bench.Driver.cuCtxGetDevice(&device));
        Assert.Equal(1, device);
        Bench.Must(bench.Driver.cuCtxGetDevice_v2(&device, bench.Context));
        Assert.Equal(0, device);
        Bench.Must(bench.Driver.cuCtxGetId(default, &secondId));
        Bench.Must(bench.Driver.cuCtxGetId(bench.Context, &firstId));
        Assert.NotEqual(firstId, secondId);
        Bench.Must(bench.Driver.cuCtxGetApiVersion(second, &version));
        Assert.Equal(3020u, version);
        Bench.Must(bench.Driver.cuCtxSetFlags((uint)CUctx_flags.CU_CTX_SCHED_BLOCKING_SYNC));
        Bench.Must(bench.Driver.cuCtxGetFlags(&flags));
        Assert.Equal((uint)CUctx_flags.CU_CTX_SCHED_BLOCKING_SYNC, flags);
    }

    [Fact]
    public void Limits_KeepWhatIsSet()
    {
        using var bench = new Bench();
        nuint value;

        Bench.Must(bench.Driver.cuCtxSetLimit(CUlimit.CU_LIMIT_STACK_SIZE, 4096));
        Bench.Must(bench.Driver.cuCtxGetLimit(&value, CUlimit.CU_LIMIT_STACK_SIZE));

        Assert.Equal((nuint)4096, value);
        Assert.Equal(CUDA_ERROR_UNSUPPORTED_LIMIT, bench.Driver.cuCtxGetLimit(&value, CUlimit.CU_LIMIT_CIG_ENABLED));
        Assert.Equal(CUDA_ERROR_UNSUPPORTED_LIMIT, bench.Driver.cuCtxSetLimit(CUlimit.CU_LIMIT_MAX, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxSetLimit(CUlimit.CU_LIMIT_STACK_SIZE, 1 << 30));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxGetLimit(null, CUlimit.CU_LIMIT_STACK_SIZE));
    }

    [Fact]
    public void Preferences_KeepWhatIsSet()
    {
        using var bench = new Bench();
        CUfunc_cache cache;
        int least, greatest;

        Bench.Must(bench.Driver.cuCtxSetCacheConfig(CUfunc_cache.CU_FUNC_CACHE_PREFER_L1));
        Bench.Must(bench.Driver.cuCtxGetCacheConfig(&cache));
        Bench.Must(bench.Driver.cuCtxGetStreamPriorityRange(&least, &greatest));

        Assert.Equal(CUfunc_cache.CU_FUNC_CACHE_PREFER_L1, cache);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxSetCacheConfig((CUfunc_cache)9));
        Assert.Equal((0, -5), (least, greatest));
    }

    private static CUcontext Current(Bench bench)
    {
        CUcontext context;
        Bench.Must(bench.Driver.cuCtxGetCurrent(&context));
        return context;
    }

    private static void OnThread(Action action)
    {
        var thread = new Thread(() => action());
        thread.Start();
        thread.Join();
    }
}
