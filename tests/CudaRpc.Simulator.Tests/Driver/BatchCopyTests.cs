namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Many linear copies by one call, and the attribute that makes sets synchronous.</summary>
public sealed unsafe class BatchCopyTests
{
    [Fact]
    public void Batch_CopiesEachPair_BetweenHostAndDevices()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(16);
        long source = 0x0102030405060708, target = 0;
        CUdeviceptr* to = stackalloc CUdeviceptr[] { device, device + 8ul, new((ulong)&target) };
        CUdeviceptr* from = stackalloc CUdeviceptr[] { new((ulong)&source), device, device + 8ul };
        nuint* sizes = stackalloc nuint[] { 8, 8, 8 };
        CUmemcpyAttributes_v1* attributes = stackalloc CUmemcpyAttributes_v1[2];
        attributes[0].srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL;
        attributes[1].srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_STREAM;
        nuint* begins = stackalloc nuint[] { 0, 1 };
        nuint failed;

        Bench.Must(bench.Driver.cuMemcpyBatchAsync(to, from, sizes, 3, attributes, begins, 2, &failed, stream));
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(source, target);
    }

    [Fact]
    public void Batch_DuringTheCall_LeavesPageLockedMemoryToTheProgram()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(4);
        int* source = (int*)bench.AllocateHost(4);
        *source = 5;
        CUdeviceptr to = device, from = new((ulong)source);
        nuint size = 4, begin = 0;
        var attributes = new CUmemcpyAttributes_v1 { srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL };
        using (bench.Block(stream))
        {
            Bench.Must(bench.Driver.cuMemcpyBatchAsync_v2(&to, &from, &size, 1, &attributes, &begin, 1, stream));
            *source = 6;
        }

        Bench.Must(bench.Driver.cuStreamSynchronize(stream));
        Assert.Equal(5, bench.Read<int>(device));
    }

    [Fact]
    public void Batch_BadInput_SaysWhichCopy()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(16);
        CUdeviceptr* to = stackalloc CUdeviceptr[] { device, device };
        CUdeviceptr* from = stackalloc CUdeviceptr[] { device + 8ul, device + 8ul };
        nuint* sizes = stackalloc nuint[] { 8, 9 };
        var good = new CUmemcpyAttributes_v1 { srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_ANY };
        CUmemcpyAttributes_v1 none = default;
        nuint begin = 0, late = 1, failed = 77;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyBatchAsync(to, from, sizes, 2, &good, &begin, 1, &failed, stream));
        Assert.Equal((nuint)1, failed);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyBatchAsync(to, from, sizes, 1, &good, &begin, 1, &failed, default));
        Assert.Equal(nuint.MaxValue, failed);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyBatchAsync(to, from, sizes, 1, &none, &begin, 1, &failed, stream));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyBatchAsync(to, from, sizes, 2, &good, &late, 1, &failed, stream));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyBatchAsync(to, from, sizes, 0, &good, &begin, 1, &failed, stream));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyBatchAsync(null, from, sizes, 1, &good, &begin, 1, &failed, stream));
    }

    [Fact]
    public void SyncMemops_IsKept_AndMakesSetsWait()
    {
        using var bench = new Bench();
        CUdeviceptr device = bench.Allocate(16);
        int on = 1, seen;
        Bench.Must(bench.Driver.cuPointerSetAttribute(&on, CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, device + 4ul));
        Bench.Must(bench.Driver.cuPointerGetAttribute(&seen, CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, device));
        Assert.Equal(1, seen);

        Bench.Must(bench.Driver.cuMemsetD8_v2(device, 1, 16));

        Bench.Must(bench.Driver.cuStreamQuery(default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerSetAttribute(&on, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPED, device));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerSetAttribute(null, CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, device));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerSetAttribute(&on, CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, default));
    }
}
