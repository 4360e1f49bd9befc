namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class PrimaryContextTests
{
    [Fact]
    public void Retain_CountsAndReleaseDestroys()
    {
        using var bench = new Bench(withContext: false);
        CUcontext primary = Retain(bench);
        Retain(bench);
        Bench.Must(bench.Driver.cuCtxSetCurrent(primary));
        bench.Allocate(100);

        Bench.Must(bench.Driver.cuDevicePrimaryCtxRelease_v2(0));
        Assert.True(IsActive(bench));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRelease_v2(0));

        Assert.False(IsActive(bench));
        Assert.Equal(0ul, bench.Used);
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuDevicePrimaryCtxRelease_v2(0));
    }

    [Fact]
    public void Handle_IsTheSameEveryTime()
    {
        using var bench = new Bench(withContext: false);
        CUcontext first = Retain(bench);
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRelease_v2(0));

        Assert.Equal(first, Retain(bench));
    }

    [Fact]
    public void Current_WhileNotRetained_IsDestroyedAndComesBack()
    {
        using var bench = new Bench(withContext: false);
        CUcontext primary = Retain(bench);
        Bench.Must(bench.Driver.cuCtxSetCurrent(primary));
        CUdeviceptr address;
        CUcontext current;

        Bench.Must(bench.Driver.cuDevicePrimaryCtxReset_v2(0));
        Bench.Must(bench.Driver.cuCtxGetCurrent(&current));
        Assert.Equal(primary, current);
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, bench.Driver.cuMemAlloc_v2(&address, 16));
        Retain(bench);

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemAlloc_v2(&address, 16));
    }

    [Fact]
    public void Reset_LeavesWhatWasRetainedToBeReleased()
    {
        using var bench = new Bench(withContext: false);
        Retain(bench);
        Retain(bench);

        Bench.Must(bench.Driver.cuDevicePrimaryCtxReset_v2(0));
        Assert.False(IsActive(bench));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRelease_v2(0));
        Retain(bench);
        Assert.True(IsActive(bench));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRelease_v2(0));
        Assert.True(IsActive(bench));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRelease_v2(0));

        Assert.False(IsActive(bench));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuDevicePrimaryCtxRelease_v2(0));
    }

    [Fact]
    public void SetCurrent_BeforeTheNextRetain_IsAllowed()
    {
        using var bench = new Bench(withContext: false);
        CUcontext primary = Retain(bench);
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRelease_v2(0));

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuCtxSetCurrent(primary));
    }

    [Fact]
    public void Destroy_OfThePrimaryContext_IsInvalid()
    {
        using var bench = new Bench(withContext: false);

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxDestroy_v2(Retain(bench)));
    }

    [Fact]
    public void Flags_AreThoseLastSet()
    {
        using var bench = new Bench(withContext: false);
        uint flags;
        int active;

        Bench.Must(bench.Driver.cuDevicePrimaryCtxSetFlags_v2(0, (uint)CUctx_flags.CU_CTX_SCHED_YIELD));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxGetState(0, &flags, &active));

        Assert.Equal((uint)CUctx_flags.CU_CTX_SCHED_YIELD, flags);
        Assert.Equal(0, active);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDevicePrimaryCtxSetFlags_v2(0, 0x8000));
    }

    [Fact]
    public void OldNames_ReachTheSameFunctions()
    {
        using var bench = new Bench(withContext: false);
        Retain(bench);

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuDevicePrimaryCtxSetFlags(0, 0));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuDevicePrimaryCtxRelease(0));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuDevicePrimaryCtxReset(0));
        Assert.False(IsActive(bench));
    }

    private static CUcontext Retain(Bench bench)
    {
        CUcontext context;
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRetain(&context, 0));
        return context;
    }

    private static bool IsActive(Bench bench)
    {
        uint flags;
        int active;
        Bench.Must(bench.Driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        return active != 0;
    }
}
