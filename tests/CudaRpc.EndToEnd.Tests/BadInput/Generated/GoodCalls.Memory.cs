using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

internal static unsafe partial class GoodCalls
{
    private const ulong Chunk = 2 << 20;

    private static readonly (string Functions, Action<GoodCall> Complete)[] s_memory =
    [
        ("cuMemAllocManaged", static call => call.Set("flags", 1)),
        ("cuMemAllocPitch cuMemAllocPitch_v2", static call => call.Set("ElementSizeBytes", 4)),
        ("cuMemAdvise cuMemAdvise_v2 cuMemPrefetchAsync cuMemPrefetchAsync_v2 cuMemRangeGetAttribute cuMemRangeGetAttributes",
            static call => call.Set("devPtr", Managed(call))),
        ("cuMemAdvise cuMemAdvise_v2", static call => call.Set("advice", CUmem_advise.CU_MEM_ADVISE_SET_PREFERRED_LOCATION)),
        ("cuMemAdvise_v2 cuMemPrefetchAsync_v2", static call => call.Set("location", Device)),
        ("cuMemAdvise cuMemAdvise_v2 cuMemPrefetchAsync cuMemPrefetchAsync_v2 cuMemRangeGetAttribute cuMemRangeGetAttributes",
            static call => call.Set("count", 4096)),
        ("cuMemRangeGetAttribute", static call =>
        {
            call.Set("attribute", CUmem_range_attribute.CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY);
            call.Set("dataSize", 4);
        }),
        ("cuMemRangeGetAttributes", static call =>
        {
            call.Put("data", (nint)call.Room());
            call.Put<nuint>("dataSizes", 4);
            call.Put("attributes", CUmem_range_attribute.CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY);
        }),
        ("cuMemPrefetchBatchAsync cuMemDiscardBatchAsync cuMemDiscardAndPrefetchBatchAsync", static call =>
        {
            call.Put("dptrs", Managed(call));
            call.Put<nuint>("sizes", 4096);
        }),
        ("cuMemPrefetchBatchAsync cuMemDiscardAndPrefetchBatchAsync", static call => call.Put("prefetchLocs", Device)),
        ("cuStreamAttachMemAsync", static call =>
        {
            call.Set("dptr", Managed(call));
            call.Set("length", 0);
            call.Set("flags", 4);
        }),
        ("cuMemFreeHost cuMemHostGetDevicePointer cuMemHostGetDevicePointer_v2 cuMemHostGetFlags",
            static call => call.Set("p", call.At.Once("host", () =>
        {
            void* memory;
            Cuda.Ok(call.At.Driver.cuMemHostAlloc(&memory, 4096, 2));
            return (nint)memory;
        }))),
        ("cuMemHostRegister cuMemHostRegister_v2", static call =>
        {
            call.Set("bytesize", 4096);
            call.Afterwards = () => call.At.Driver.cuMemHostUnregister(HostMemory.Of(0));
        }),
        ("cuMemHostUnregister", static call =>
        {
            Cuda.Ok(call.At.Driver.cuMemHostRegister_v2(HostMemory.Of(0), 4096, 0));
            call.Afterwards = () => call.At.Driver.cuMemHostUnregister(HostMemory.Of(0));
        }),
        ("cuMemFreeAsync", static call =>
        {
            CUdeviceptr memory;
            Cuda.Ok(call.At.Driver.cuMemAllocAsync(&memory, 64, default));
            call.Set("dptr", memory);
        }),
        ("cuMemPoolCreate", static call => call.Put("poolProps", PoolProperties)),
        ("cuMemPoolGetAccess cuMemGetAccess cuMemGetMemPool cuMemGetDefaultMemPool cuMemSetMemPool",
            static call => call.Put("location", Device)),
        ("cuMemGetMemPool cuMemGetDefaultMemPool cuMemSetMemPool",
            static call => call.Set("type", CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED)),
        ("cuMemPoolSetAccess", static call => call.Put("map", Access)),
        ("cuMemPoolGetAttribute cuMemPoolSetAttribute",
            static call => call.Set("attr", CUmemPool_attribute.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD)),
        ("cuMemCreate cuMemGetAllocationGranularity", static call =>
            call.Put("prop", new CUmemAllocationProp_v1 { type = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED, location = Device })),
        ("cuMemCreate cuMemMap cuMemUnmap cuMemSetAccess cuMemAddressFree cuMemAddressReserve", static call => call.Set("size", Chunk)),
        ("cuMemAddressReserve", static call => call.Set("addr", default(CUdeviceptr))),
        ("cuMemAddressReserve", static call => call.Set("alignment", 0)),
        ("cuMemMap", static call => call.Set("offset", 0)),
        ("cuMemAddressFree cuMemMap", static call => call.Set("ptr", Range(call))),
        ("cuMemUnmap cuMemSetAccess cuMemGetAccess", static call => call.Set("ptr", Mapped(call))),
        ("cuMemSetAccess", static call => call.Put("desc", Access)),
        ("cuMemRetainAllocationHandle", static call => call.Set("addr", (nint)Mapped(call).Value)),
        ("cuMemMap cuMemRelease cuMemGetAllocationPropertiesFromHandle cuMemExportToShareableHandle",
            static call => call.Set("handle", (object)Allocation(call))),
        ("cuPointerGetAttribute cuPointerSetAttribute",
            static call => call.Set("attribute", CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS)),
        ("cuPointerGetAttributes", static call =>
        {
            call.Put("attributes", CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE);
            call.Put("data", (nint)call.Room());
        }),
    ];

    private static CUdeviceptr Managed(GoodCall call) => call.At.Once("managed", () =>
    {
        CUdeviceptr memory;
        Cuda.Ok(call.At.Driver.cuMemAllocManaged(&memory, 4096, 1));
        return call.At.Own(memory, 4096);
    });

    private static CUdeviceptr Range(GoodCall call) => call.At.Once("range", () => Reserve(call));

    private static ulong Allocation(GoodCall call) => call.At.Once("allocation", () =>
    {
        ulong handle;
        CUmemAllocationProp_v1 properties = new() { type = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED, location = Device };
        Cuda.Ok(call.At.Driver.cuMemCreate(&handle, (nuint)Chunk, &properties, 0));
        return handle;
    });

    private static CUdeviceptr Mapped(GoodCall call) => call.At.Once("mapped", () =>
    {
        RemoteDriver driver = call.At.Driver;
        CUdeviceptr range = Reserve(call);
        CUmemAccessDesc_v1 access = Access;
        Cuda.Ok(driver.cuMemMap(range, (nuint)Chunk, 0, Allocation(call), 0));
        Cuda.Ok(driver.cuMemSetAccess(range, (nuint)Chunk, &access, 1));
        return range;
    });

    private static CUdeviceptr Reserve(GoodCall call)
    {
        CUdeviceptr range;
        Cuda.Ok(call.At.Driver.cuMemAddressReserve(&range, (nuint)Chunk, 0, default, 0));
        return call.At.Own(range, Chunk);
    }
}
