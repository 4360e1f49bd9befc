namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Contexts counted by their users, what they are created with, and their settings.</summary>
public sealed unsafe class ContextUseTests
{
    [Fact]
    public void Context_EndsWithItsLastDetach()
    {
        using var bench = new Bench();
        CUcontext attached;
        Bench.Must(bench.Driver.cuCtxAttach(&attached, 0));
        Assert.Equal(bench.Context, attached);

        Bench.Must(bench.Driver.cuCtxDetach(attached));
        Bench.Must(bench.Driver.cuCtxSynchronize());
        Bench.Must(bench.Driver.cuCtxDetach(attached));

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Attach_OfAPrimaryContext_RetainsIt()
    {
        using var bench = new Bench(withContext: false);
        CUcontext primary, attached;
        int active;
        uint flags;
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRetain(&primary, 0));
        Bench.Must(bench.Driver.cuCtxSetCurrent(primary));
        Bench.Must(bench.Driver.cuCtxAttach(&attached, 0));

        Bench.Must(bench.Driver.cuDevicePrimaryCtxRelease_v2(0));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal(1, active);
        Bench.Must(bench.Driver.cuCtxDetach(attached));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal(0, active);
    }

    [Fact]
    public void AttachAndDetach_WithBadInput_AreRefused()
    {
        using var bench = new Bench();
        CUcontext attached, other = bench.NewContext();

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxAttach(null, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxAttach(&attached, 1));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxDetach(bench.Context));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxDetach(default));
        Bench.Must(bench.Driver.cuCtxDetach(other));
        Bench.Must(bench.Driver.cuCtxSetCurrent(default));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxAttach(&attached, 0));
    }

    [Fact]
    public void Affinity_IsNotSupported_AndSaysSo()
    {
        using var bench = new Bench();
        CUcontext context;
        var some = new CUexecAffinityParam_v1 { type = CUexecAffinityType.CU_EXEC_AFFINITY_TYPE_SM_COUNT };
        var other = new CUexecAffinityParam_v1 { type = (CUexecAffinityType)7 };
        var graphics = new CUctxCigParam();
        var parameters = new CUctxCreateParams { execAffinityParams = &some, numExecAffinityParams = 1 };

        Assert.Equal(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, bench.Driver.cuCtxCreate_v3(&context, &some, 1, 0, 0));
        Assert.Equal(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, bench.Driver.cuCtxCreate_v4(&context, &parameters, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxCreate_v3(&context, &other, 1, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxCreate_v3(&context, null, 1, 0, 0));
        parameters.cigParams = &graphics;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxCreate_v4(&context, &parameters, 0, 0));
        parameters.numExecAffinityParams = 0;
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuCtxCreate_v4(&context, &parameters, 0, 0));
        Assert.Equal(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, bench.Driver.cuCtxGetExecAffinity(&some, some.type));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxGetExecAffinity(&some, other.type));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuCtxResetPersistingL2Cache());
    }
}
