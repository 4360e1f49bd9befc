using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Contexts through a server: counted, set, used after their end; and creations that are refused at once.</summary>
public sealed unsafe class ContextUseTests : IDisposable
{
    private readonly BareServer _server = new();

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Context_EndsWithItsLastDetach()
    {
        CUcontext created = Driver.CreateContext(), attached;
        Cuda.Ok(Driver.cuCtxAttach(&attached, 0));
        Assert.Equal(created, attached);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCtxAttach(&attached, 2));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuCtxDetach(default));
        Driver.Allocate(1 << 20);

        Cuda.Ok(Driver.cuCtxDetach(created));
        Cuda.Ok(Driver.cuCtxSynchronize());
        Assert.NotEqual(0ul, _server.UsedBytes);
        Cuda.Ok(Driver.cuCtxDetach(created));

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuCtxDetach(created));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuCtxAttach(&attached, 0));
        Condition.Becomes(0ul, () => _server.UsedBytes);
    }

    [Fact]
    public void Attach_OfAPrimaryContext_RetainsIt()
    {
        CUcontext primary = Driver.Retain(), attached;
        uint flags;
        int active;
        Cuda.Ok(Driver.cuCtxAttach(&attached, 0));
        Cuda.Ok(Driver.cuDevicePrimaryCtxRelease_v2(0));

        Cuda.Ok(Driver.cuCtxSynchronize());
        Cuda.Ok(Driver.cuCtxDetach(primary));

        Cuda.Ok(Driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal(0, active);
    }

    [Fact]
    public void PrimaryContext_ThatWasReset_StillHasToBeReleased()
    {
        CUcontext primary = Driver.Retain(), again;
        uint flags;
        int active;
        Driver.Allocate(1 << 20);

        Cuda.Ok(Driver.cuDevicePrimaryCtxReset_v2(0));
        Cuda.Ok(Driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal((0, 0ul), (active, _server.UsedBytes));
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, Driver.TryAllocate(64));
        Cuda.Ok(Driver.cuDevicePrimaryCtxRetain(&again, 0));
        Assert.Equal(primary, again);
        Driver.Allocate(64);
        Cuda.Ok(Driver.cuDevicePrimaryCtxRelease_v2(0));
        Driver.Allocate(64);
        Cuda.Ok(Driver.cuDevicePrimaryCtxReset_v2(0));
        Cuda.Ok(Driver.cuDevicePrimaryCtxRelease_v2(0));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuDevicePrimaryCtxRelease_v2(0));
    }

    [Fact]
    public void EndedContext_ThatIsStillCurrent_IsSaidToBeDestroyed()
    {
        CUcontext context = Driver.CreateContext(), current;
        CUdeviceptr address;
        CUstream stream;
        nuint free, total;
        uint flags;
        int device;
        Worker.Run(() => Cuda.Ok(Driver.cuCtxDestroy_v2(context)));

        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, Driver.cuCtxSynchronize());
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, Driver.cuMemAlloc_v2(&address, 16));
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, Driver.cuMemGetInfo_v2(&free, &total));
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, Driver.cuStreamCreate(&stream, 0));
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, Driver.cuCtxGetFlags(&flags));
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, Driver.cuCtxSetFlags(0));
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, Driver.cuCtxGetDevice(&device));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuCtxGetDevice_v2(&device, context));
        Cuda.Ok(Driver.cuCtxGetCurrent(&current));
        Assert.Equal(context, current);
        Cuda.Ok(Driver.cuCtxPopCurrent_v2(&current));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Flags_AreSetAndRead()
    {
        Driver.Retain();
        uint flags;
        int active;
        Cuda.Ok(Driver.cuCtxSetFlags((uint)CUctx_flags.CU_CTX_SCHED_YIELD));

        Cuda.Ok(Driver.cuCtxGetFlags(&flags));
        Assert.Equal((uint)CUctx_flags.CU_CTX_SCHED_YIELD, flags);
        Cuda.Ok(Driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal((uint)CUctx_flags.CU_CTX_SCHED_YIELD, flags);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCtxSetFlags(3));
    }

    [Fact]
    public void CreationParameters_ReachTheServersDriver()
    {
        CUcontext context;
        var some = new CUexecAffinityParam_v1 { type = CUexecAffinityType.CU_EXEC_AFFINITY_TYPE_SM_COUNT };
        var other = new CUexecAffinityParam_v1 { type = (CUexecAffinityType)7 };
        var graphics = new CUctxCigParam();
        var parameters = new CUctxCreateParams();

        Assert.Equal(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, Driver.cuCtxCreate_v3(&context, &some, 1, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCtxCreate_v3(&context, &other, 1, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCtxCreate_v3(&context, null, 1, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCtxCreate_v3(&context, &some, -1, 0, 0));
        Cuda.Ok(Driver.cuCtxCreate_v4(&context, &parameters, 0, 0));
        Assert.Equal(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, Driver.cuCtxGetExecAffinity(&some, some.type));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, Driver.cuCtxResetPersistingL2Cache());
        parameters.cigParams = &graphics;
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, Driver.cuCtxCreate_v4(&context, &parameters, 0, 0));
    }

    [Fact]
    public void BadCreations_AreRefusedAtOnce()
    {
        CUstream stream;
        CUevent created;
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuStreamCreate(&stream, 0));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuEventCreate(&created, 0));
        Driver.CreateContext();

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuStreamCreate(&stream, 2));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuStreamCreateWithPriority(&stream, 4, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuStreamCreate(null, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuEventCreate(&created, 8));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuEventCreate(&created, (uint)CUevent_flags.CU_EVENT_INTERPROCESS));
        Cuda.Ok(Driver.cuCtxSynchronize());
    }
}
