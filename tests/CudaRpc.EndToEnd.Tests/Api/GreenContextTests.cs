using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.Api.Memory;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Green contexts through a server, with a driver for each session and with one that sessions share.</summary>
public sealed unsafe class GreenContextTests
{
    private const uint DefaultStream = (uint)CUgreenCtxCreate_flags.CU_GREEN_CTX_DEFAULT_STREAM;
    private const uint NonBlocking = (uint)CUstream_flags.CU_STREAM_NON_BLOCKING;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GreenContext_Works_AndLeavesItsMemoryToThePrimaryOne(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        RemoteDriver driver = server.Connect();
        CUcontext before = driver.CurrentContext(), primary, context, found;
        Cuda.Ok(driver.cuDevicePrimaryCtxRetain(&primary, 0));
        CUgreenCtx green = Create(driver), of;
        Cuda.Ok(driver.cuCtxFromGreenCtx(&context, green));
        Cuda.Ok(driver.cuCtxSetCurrent(context));
        CUstream stream = driver.CreateStream(), own;
        CUevent created = driver.CreateEvent();
        CUdeviceptr memory = driver.Allocate(1 << 20);
        Cuda.Ok(driver.cuGreenCtxStreamCreate(&own, green, NonBlocking, 0));
        driver.Write(memory, [1, 2, 3]);
        Cuda.Ok(driver.cuMemsetD8Async(memory, 7, 1, own));
        Cuda.Ok(driver.cuGreenCtxRecordEvent(green, created));
        Cuda.Ok(driver.cuCtxWaitEvent(primary, created));
        Cuda.Ok(driver.cuGreenCtxWaitEvent(green, created));
        ulong id, again;
        Cuda.Ok(driver.cuGreenCtxGetId(green, &id));
        Cuda.Ok(driver.cuGreenCtxGetId(green, &again));
        Assert.Equal(id, again);
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuGreenCtxGetId(default, &again));
        Cuda.Ok(driver.cuCtxSynchronize());

        Cuda.Ok(driver.cuStreamGetCtx(stream, &found));
        Assert.Equal(context, found);
        Cuda.Ok(driver.cuStreamGetGreenCtx(own, &of));
        Assert.Equal(green, of);
        Cuda.Ok(driver.cuStreamGetCtx_v2(default, &found, &of));
        Assert.Equal((primary, green), (found, of));
        Cuda.Ok(driver.cuPointerGetAttribute(&found, CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT, memory));
        Assert.Equal(primary, found);

        Cuda.Ok(driver.cuGreenCtxDestroy(green));

        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, driver.cuCtxSynchronize());
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, driver.cuStreamQuery(stream));
        Assert.Equal(CUDA_ERROR_CONTEXT_IS_DESTROYED, driver.cuStreamGetCtx(own, &found));
        Cuda.Ok(driver.cuCtxSetCurrent(primary));
        Assert.Equal([7, 2, 3], driver.Read(memory, 3));
        Cuda.Ok(driver.cuEventQuery(created));
        Cuda.Ok(driver.cuStreamDestroy_v2(stream));
        Cuda.Ok(driver.cuStreamDestroy_v2(own));
        Cuda.Ok(driver.cuCtxSetCurrent(before));
        Cuda.Ok(driver.cuCtxSynchronize());
        driver.Dispose();
        server.BecomesEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SessionWithGreenContexts_LeavesNothingBehind(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver witness = server.Connect();
        RemoteDriver driver = server.Connect();
        CUcontext context, primary;
        CUgreenCtx green = Create(driver);
        Create(driver);
        uint flags;
        int active;
        Cuda.Ok(driver.cuCtxFromGreenCtx(&context, green));
        Cuda.Ok(driver.cuCtxSetCurrent(context));
        driver.Allocate(1 << 20);
        driver.CreateStream();
        Cuda.Ok(driver.cuCtxSynchronize());

        driver.Dispose();

        Condition.Becomes(0ul, () => server.Used());
        Cuda.Ok(witness.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal(0, active);
        Cuda.Ok(witness.cuDevicePrimaryCtxRetain(&primary, 0));
        Cuda.Ok(witness.cuCtxSetCurrent(primary));
        Cuda.Ok(witness.cuCtxSynchronize());
    }

    [Fact]
    public void LastGreenContext_EndsThePrimaryOne()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUcontext context;
        uint flags;
        int active;
        CUgreenCtx green = Create(driver);
        Cuda.Ok(driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal(1, active);
        Cuda.Ok(driver.cuCtxFromGreenCtx(&context, green));
        Cuda.Ok(driver.cuCtxPushCurrent_v2(context));
        CUdeviceptr memory = driver.Allocate(1 << 20);

        Cuda.Ok(driver.cuGreenCtxDestroy(green));

        Cuda.Ok(driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal(0, active);
        Cuda.Ok(driver.cuCtxPopCurrent_v2(&context));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemFree_v2(memory));
        Cuda.Ok(driver.cuCtxSynchronize());
        Condition.Becomes(0ul, () => server.Used());
    }

    [Fact]
    public void Resources_AreSplitAndDescribed_AndOnlyOwnOnesAreTaken()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect(), other = server.Connect();
        CUdevResource_v1 whole, changed, rest, none = default;
        CUdevResource_v1* groups = stackalloc CUdevResource_v1[8];
        CUdevResourceDesc desc;
        CUgreenCtx green;
        uint count = 8;
        Cuda.Ok(driver.cuDeviceGetDevResource(0, &whole, CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM));
        Cuda.Ok(driver.cuDevSmResourceSplitByCount(groups, &count, &whole, &rest, 1, 6));
        Assert.Equal((2u, 6u, 6u, 4u), (count, groups[0].sm.smCount, groups[1].sm.smCount, rest.sm.smCount));
        count = 0;
        Cuda.Ok(driver.cuDevSmResourceSplitByCount(null, &count, &rest, null, 1, 2));
        Assert.Equal(2u, count);
        count = 1;
        changed = whole;
        changed.sm.smCount = 4;

        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, driver.cuDevSmResourceSplitByCount(groups, &count, &changed, null, 0, 1));
        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, other.cuDevSmResourceSplitByCount(groups, &count, &rest, null, 0, 1));
        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_TYPE, driver.cuDevResourceGenerateDesc(&desc, &none, 1));
        Assert.Equal(CUDA_ERROR_INVALID_RESOURCE_TYPE, driver.cuDeviceGetDevResource(0, &none, CUdevResourceType.CU_DEV_RESOURCE_TYPE_MAX));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuDevSmResourceSplitByCount(groups, null, &whole, null, 0, 1));
        Cuda.Ok(driver.cuDevResourceGenerateDesc(&desc, groups, 2));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuGreenCtxCreate(&green, desc, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuGreenCtxCreate(&green, new CUdevResourceDesc(77), 0, DefaultStream));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, driver.cuGreenCtxCreate(&green, desc, 5, DefaultStream));
        Cuda.Ok(driver.cuGreenCtxCreate(&green, desc, 0, DefaultStream));
        Cuda.Ok(driver.cuGreenCtxGetDevResource(green, &rest, CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM));
        Assert.Equal(12u, rest.sm.smCount);
    }

    [Fact]
    public void BadGreenContexts_AreRefused()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect(), other = server.Connect();
        CUgreenCtx green = Create(driver);
        CUcontext context, attached;
        CUstream stream;
        CUdevResource_v1 resource;
        Cuda.Ok(driver.cuCtxFromGreenCtx(&context, green));

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, driver.cuCtxDestroy_v2(context));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuGreenCtxDestroy(new CUgreenCtx(context.Value)));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, other.cuGreenCtxDestroy(green));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuGreenCtxStreamCreate(&stream, green, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuGreenCtxStreamCreate(null, green, NonBlocking, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuGreenCtxStreamCreate(&stream, default, NonBlocking, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuGreenCtxRecordEvent(green, default));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, driver.cuCtxGetDevResource(default, &resource, CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM));
        Cuda.Ok(driver.cuCtxSetCurrent(context));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, driver.cuCtxAttach(&attached, 0));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, driver.cuCtxDetach(context));
        Cuda.Ok(driver.cuGreenCtxDestroy(green));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuGreenCtxDestroy(green));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuCtxFromGreenCtx(&context, green));
    }

    private static CUgreenCtx Create(RemoteDriver driver)
    {
        CUdevResource_v1 whole, part;
        CUdevResourceDesc desc;
        CUgreenCtx green;
        uint count = 1;
        Cuda.Ok(driver.cuDeviceGetDevResource(0, &whole, CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM));
        Cuda.Ok(driver.cuDevSmResourceSplitByCount(&part, &count, &whole, null, 0, 8));
        Cuda.Ok(driver.cuDevResourceGenerateDesc(&desc, &part, 1));
        Cuda.Ok(driver.cuGreenCtxCreate(&green, desc, 0, DefaultStream));
        return green;
    }
}
