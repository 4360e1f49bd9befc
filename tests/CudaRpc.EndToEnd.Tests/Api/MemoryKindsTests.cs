using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUmem_advise;
using static CudaRpc.Driver.CUmem_range_attribute;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Pitched, page-locked and managed memory through a server, and what is said of it.</summary>
public sealed unsafe class MemoryKindsTests : IDisposable
{
    private const int Page = 4096;
    private readonly SimulatedServer _server = new(devices: 2);

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void PitchedMemory_HasRoomForItsRows()
    {
        CUdeviceptr memory;
        nuint pitch;
        Cuda.Ok(Driver.cuMemAllocPitch_v2(&memory, &pitch, 700, 10, 4));
        Assert.InRange((int)pitch, 700, 1024);
        Cuda.Ok(Driver.cuMemsetD8_v2(memory, 1, pitch * 10));
        Cuda.Ok(Driver.cuCtxSynchronize());
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuMemAllocPitch_v2(&memory, &pitch, 700, 10, 3));
    }

    [Fact]
    public void PageLockedMemory_SaysHowItWasMade()
    {
        void* plain, mapped;
        uint flags;
        Cuda.Ok(Driver.cuMemAllocHost_v2(&plain, Page));
        Cuda.Ok(Driver.cuMemHostAlloc(&mapped, Page, 2));
        new Span<byte>(plain, Page).Fill(3);
        Cuda.Ok(Driver.cuMemHostGetFlags(&flags, mapped));
        Assert.Equal(2u, flags & 2);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuMemHostGetFlags(&flags, &flags));
        Cuda.Ok(Driver.cuMemFreeHost(plain));
        Cuda.Ok(Driver.cuMemFreeHost(mapped));
    }

    [Fact]
    public void Attributes_AreReadTogether()
    {
        CUdeviceptr memory = Driver.Allocate(64);
        CUmemorytype type;
        CUcontext context;
        CUpointer_attribute* attributes = stackalloc CUpointer_attribute[]
        {
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT,
        };
        void** data = stackalloc void*[] { &type, &context };
        Cuda.Ok(Driver.cuPointerGetAttributes(2, attributes, data, memory));
        Assert.Equal((CUmemorytype.CU_MEMORYTYPE_DEVICE, _server.Context), (type, context));
    }

    [Fact]
    public void ManagedMemory_RemembersAdviceAndMoves()
    {
        CUdeviceptr memory = Managed(4 * Page);
        CUmemLocation_v1 second = Of(1);
        Cuda.Ok(Driver.cuMemAdvise(memory, 2 * Page, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
        Cuda.Ok(Driver.cuMemPrefetchAsync(memory, 2 * Page, 1, default));
        Cuda.Ok(Driver.cuMemPrefetchAsync_v2(new CUdeviceptr(memory.Value + (2 * Page)), Page, second, 0, default));
        Cuda.Ok(Driver.cuCtxSynchronize());

        int mostly, last;
        void** data = stackalloc void*[] { &mostly, &last };
        nuint* sizes = stackalloc nuint[] { 4, 4 };
        CUmem_range_attribute* attributes = stackalloc[] { CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION };
        Cuda.Ok(Driver.cuMemRangeGetAttributes(data, sizes, attributes, 2, memory, 2 * Page));
        Assert.Equal((1, 1), (mostly, last));
        Cuda.Ok(Driver.cuMemRangeGetAttributes(data, sizes, attributes, 2, memory, 3 * Page));
        Assert.Equal((0, 1), (mostly, last));
    }

    [Fact]
    public void ManagedMemory_MovesInBatches()
    {
        CUdeviceptr memory = Managed(2 * Page);
        nuint size = 2 * Page, index = 0;
        CUmemLocation_v1 second = Of(1);
        CUstream stream = Driver.CreateStream();
        int last;
        Cuda.Ok(Driver.cuMemPrefetchBatchAsync(&memory, &size, 1, &second, &index, 1, 0, stream));
        Cuda.Ok(Driver.cuStreamSynchronize(stream));
        Cuda.Ok(Driver.cuMemRangeGetAttribute(&last, 4, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, memory, size));
        Assert.Equal(1, last);
        second.id = 0;
        Cuda.Ok(Driver.cuMemDiscardAndPrefetchBatchAsync(&memory, &size, 1, &second, &index, 1, 0, stream));
        Cuda.Ok(Driver.cuMemDiscardBatchAsync(&memory, &size, 1, 0, stream));
        Cuda.Ok(Driver.cuStreamSynchronize(stream));
        Cuda.Ok(Driver.cuMemRangeGetAttribute(&last, 4, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, memory, size));
        Assert.Equal(0, last);
    }

    [Fact]
    public void ManagedMemory_IsAttachedAsAWhole()
    {
        CUdeviceptr memory = Managed(Page);
        CUstream stream = Driver.CreateStream();
        Cuda.Ok(Driver.cuStreamAttachMemAsync(stream, memory, 0, 4));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuStreamAttachMemAsync(stream, memory, 50, 4));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuStreamAttachMemAsync(stream, Driver.Allocate(16), 0, 4));
    }

    private static CUmemLocation_v1 Of(int device) => new() { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, id = device };

    private CUdeviceptr Managed(nuint bytes)
    {
        CUdeviceptr memory;
        Cuda.Ok(Driver.cuMemAllocManaged(&memory, bytes, 1));
        return memory;
    }
}
