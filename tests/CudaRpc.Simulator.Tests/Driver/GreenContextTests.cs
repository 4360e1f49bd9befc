namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Green contexts: partitions of multiprocessors, and streams that run in them.</summary>
public sealed unsafe class GreenContextTests
{
    private const uint DefaultStream = (uint)CUgreenCtxCreate_flags.CU_GREEN_CTX_DEFAULT_STREAM;
    private const uint NonBlocking = (uint)CUstream_flags.CU_STREAM_NON_BLOCKING;

    [Fact]
    public void Resource_IsSplitIntoWholeUnits()
    {
        using var bench = new Bench();
        CUdevResource_v1 whole = Whole(bench), rest;
        CUdevResource_v1* groups = stackalloc CUdevResource_v1[4];
        uint count = 0;
        Assert.Equal(16u, whole.sm.smCount);

        Bench.Must(bench.Driver.cuDevSmResourceSplitByCount(null, &count, &whole, null, 0, 3));
        Assert.Equal(2u, count);
        count = 1;
        Bench.Must(bench.Driver.cuDevSmResourceSplitByCount(groups, &count, &whole, &rest, 0, 3));
        Assert.Equal((1u, 8u, 8u), (count, groups[0].sm.smCount, rest.sm.smCount));
        count = 3;
        Bench.Must(bench.Driver.cuDevSmResourceSplitByCount(
            groups, &count, &whole, &rest, (uint)CUdevSmResourceSplit_flags.CU_DEV_SM_RESOURCE_SPLIT_IGNORE_SM_COSCHEDULING, 3));
        Assert.Equal((3u, 4u, 4u, 4u), (count, groups[0].sm.smCount, groups[2].sm.smCount, rest.sm.smCount));
        count = 2;
        Bench.Must(bench.Driver.cuDevSmResourceSplitByCount(groups, &count, &whole, &rest, 0, 8));
        Assert.Equal((2u, CUdevResourceType.CU_DEV_RESOURCE_TYPE_INVALID), (count, rest.type));
    }

    [Fact]
    public void BadResources_AreRefused()
    {
        using var bench = new Bench();
        CUdevResource_v1 whole = Whole(bench), changed = whole, none = default, result;
        CUdevResourceDesc desc;
        uint count = 1, zero = 0;
        changed.sm.smCount = 8;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceGetDevResource(0, null, whole.type));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuDeviceGetDevResource(1, &result, whole.type));
        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_TYPE, bench.Driver.cuDeviceGetDevResource(0, &result, 0));
        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, bench.Driver.cuDevSmResourceSplitByCount(&result, &count, &whole, null, 0, 17));
        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, bench.Driver.cuDevSmResourceSplitByCount(&result, &count, &changed, null, 0, 1));
        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_TYPE, bench.Driver.cuDevSmResourceSplitByCount(&result, &count, &none, null, 0, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDevSmResourceSplitByCount(&result, &zero, &whole, null, 0, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDevSmResourceSplitByCount(&result, &count, &whole, null, 4, 1));
        CUdevResource_v1* twice = stackalloc CUdevResource_v1[] { whole, whole };
        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, bench.Driver.cuDevResourceGenerateDesc(&desc, twice, 2));
        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_TYPE, bench.Driver.cuDevResourceGenerateDesc(&desc, &none, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDevResourceGenerateDesc(&desc, &whole, 0));
    }

    [Fact]
    public void GreenContext_RunsInItsPart_AndSharesThePrimaryContextsMemory()
    {
        using var bench = new Bench(withContext: false);
        CUgreenCtx green = Create(bench, 8), of;
        CUcontext context, streamContext, primary;
        CUstream stream;
        CUdevResource_v1 resource;
        Bench.Must(bench.Driver.cuCtxFromGreenCtx(&context, green));
        Bench.Must(bench.Driver.cuCtxSetCurrent(context));
        Bench.Must(bench.Driver.cuGreenCtxStreamCreate(&stream, green, NonBlocking, 0));
        CUfunction nothing = bench.GetFunction("nothing");
        CUdeviceptr memory = bench.Allocate(16);

        Bench.Must(bench.Driver.cuCtxGetDevResource(context, &resource, CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM));
        Assert.Equal(8u, resource.sm.smCount);
        Assert.Equal(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, bench.Driver.cuLaunchCooperativeKernel(nothing, 17, 1, 1, 1024, 1, 1, 0, stream, null));
        Bench.Must(bench.Driver.cuLaunchKernel(nothing, 100, 1, 1, 1, 1, 1, 0, stream, null, null));
        Bench.Must(bench.Driver.cuStreamGetCtx(stream, &streamContext));
        Bench.Must(bench.Driver.cuStreamGetGreenCtx(stream, &of));
        Assert.Equal((context, green), (streamContext, of));
        Bench.Must(bench.Driver.cuStreamGetCtx_v2(stream, &primary, &of));
        Assert.Equal(green, of);
        Assert.NotEqual(context, primary);
        Bench.Must(bench.Driver.cuCtxSynchronize());
        Bench.Must(bench.Driver.cuCtxSetCurrent(primary));
        bench.Write(memory, 42);
        Assert.Equal(42, bench.Read<int>(memory));
        Bench.Must(bench.Driver.cuStreamGetGreenCtx(default, &of));
        Assert.Equal(default, of);
    }

    [Fact]
    public void DestroyedGreenContext_LeavesStreamsThatCanOnlyBeDestroyed()
    {
        using var bench = new Bench(withContext: false);
        CUgreenCtx green = Create(bench, 8);
        CUcontext context;
        CUstream stream;
        uint flags;
        int active;
        Bench.Must(bench.Driver.cuCtxFromGreenCtx(&context, green));
        Bench.Must(bench.Driver.cuCtxSetCurrent(context));
        Bench.Must(bench.Driver.cuStreamCreate(&stream, 0));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRetain(&context, 0));

        Bench.Must(bench.Driver.cuGreenCtxDestroy(green));

        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, bench.Driver.cuCtxSynchronize());
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, bench.Driver.cuStreamQuery(stream));
        Bench.Must(bench.Driver.cuStreamDestroy_v2(stream));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuGreenCtxDestroy(green));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRelease_v2(0));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal(0, active);
    }

    [Fact]
    public void BadGreenContexts_AreRefused()
    {
        using var bench = new Bench(devices: 2);
        CUgreenCtx green = Create(bench, 8), none;
        CUdevResourceDesc desc = Describe(bench, 8);
        CUcontext context;
        CUstream stream;
        ulong id, other;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGreenCtxCreate(&none, desc, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGreenCtxCreate(&none, desc, 1, DefaultStream));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuGreenCtxCreate(&none, desc, 2, DefaultStream));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuGreenCtxCreate(&none, default, 0, DefaultStream));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGreenCtxStreamCreate(&stream, green, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuGreenCtxStreamCreate(&stream, default, NonBlocking, 0));
        Bench.Must(bench.Driver.cuCtxFromGreenCtx(&context, green));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxDestroy_v2(context));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuGreenCtxDestroy(new CUgreenCtx(context.Value)));
        Bench.Must(bench.Driver.cuGreenCtxGetId(green, &id));
        Bench.Must(bench.Driver.cuCtxGetId(context, &other));
        Assert.Equal(id, other);
        Bench.Must(bench.Driver.cuCtxGetId(bench.Context, &other));
        Assert.NotEqual(id, other);
    }

    [Fact]
    public void Event_OfAWholeContext_WaitsForAllItsStreams()
    {
        using var bench = new Bench();
        CUstream one = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING), other = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUevent all = bench.NewEvent();
        Gate first = bench.Block(one), second = bench.Block(other);

        Bench.Must(bench.Driver.cuCtxRecordEvent(bench.Context, all));

        first.Open();
        Bench.Must(bench.Driver.cuStreamSynchronize(one));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuEventQuery(all));
        second.Open();
        Bench.Must(bench.Driver.cuEventSynchronize(all));
    }

    [Fact]
    public void WaitOfAWholeContext_HoldsBackStreamsOldAndNew()
    {
        using var bench = new Bench();
        CUstream busy = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUevent marked = bench.NewEvent();
        CUcontext second = bench.NewContext();
        CUstream old = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        Gate gate = bench.Block(busy);
        Bench.Must(bench.Driver.cuEventRecord(marked, busy));

        Bench.Must(bench.Driver.cuCtxWaitEvent(second, marked));

        CUstream young = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(old));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(young));
        gate.Open();
        Bench.Must(bench.Driver.cuStreamSynchronize(young));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuCtxWaitEvent(second, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuCtxRecordEvent(second, marked));
    }

    [Fact]
    public void Event_OfAGreenContext_WaitsForItsStreamsOnly()
    {
        using var bench = new Bench(withContext: false);
        CUgreenCtx green = Create(bench, 8), other = Create(bench, 8);
        CUcontext primary;
        CUstream mine, others;
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRetain(&primary, 0));
        Bench.Must(bench.Driver.cuCtxSetCurrent(primary));
        CUevent all = bench.NewEvent();
        Bench.Must(bench.Driver.cuGreenCtxStreamCreate(&mine, green, NonBlocking, 0));
        Bench.Must(bench.Driver.cuGreenCtxStreamCreate(&others, other, NonBlocking, 0));
        Gate gate = bench.Block(others);

        Bench.Must(bench.Driver.cuGreenCtxRecordEvent(green, all));
        Bench.Must(bench.Driver.cuEventSynchronize(all));
        Bench.Must(bench.Driver.cuGreenCtxRecordEvent(other, all));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuEventQuery(all));
        Bench.Must(bench.Driver.cuGreenCtxWaitEvent(green, all));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(mine));
        gate.Open();
        Bench.Must(bench.Driver.cuStreamSynchronize(mine));
    }

    private static CUdevResource_v1 Whole(Bench bench)
    {
        CUdevResource_v1 resource;
        Bench.Must(bench.Driver.cuDeviceGetDevResource(0, &resource, CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM));
        return resource;
    }

    private static CUdevResourceDesc Describe(Bench bench, uint multiprocessors)
    {
        CUdevResource_v1 whole = Whole(bench), part;
        CUdevResourceDesc desc;
        uint count = 1;
        Bench.Must(bench.Driver.cuDevSmResourceSplitByCount(&part, &count, &whole, null, 0, multiprocessors));
        Bench.Must(bench.Driver.cuDevResourceGenerateDesc(&desc, &part, 1));
        return desc;
    }

    private static CUgreenCtx Create(Bench bench, uint multiprocessors)
    {
        CUgreenCtx green;
        Bench.Must(bench.Driver.cuGreenCtxCreate(&green, Describe(bench, multiprocessors), 0, DefaultStream));
        return green;
    }
}
