using static CudaRpc.Driver.CUmem_advise;
using static CudaRpc.Driver.CUmem_range_attribute;
using static CudaRpc.Driver.CUmemLocationType;
using static CudaRpc.Driver.CUpointer_attribute;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class ManagedMemoryTests
{
    private const uint Global = 1;
    private const int Page = 4096;

    private const string Variables = TestPtx.Header + """
        .visible .global .attribute(.managed) .align 4 .u32 shared = 41;
        .visible .global .align 4 .u32 own = 1;
        .visible .entry bump()
        {
            .reg .b32 %r<3>;
            ld.global.u32 %r1, [shared];
            add.u32 %r2, %r1, 1;
            st.global.u32 [shared], %r2;
            ret;
        }

        """;

    [Fact]
    public void Memory_IsTheSameForProgramAndKernels()
    {
        using var bench = new Bench();
        CUdeviceptr address = Allocate(bench, 100);
        int* memory = (int*)address.Value;
        Assert.Equal(0, memory[24]);
        CUfunction store = bench.GetFunction("store");
        int value = 12;
        void** parameters = stackalloc void*[] { &address, &value };

        Bench.Must(bench.Driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
        Bench.Must(bench.Driver.cuCtxSynchronize());

        Assert.Equal(12, memory[0]);
        memory[1] = 13;
        Assert.Equal(13, bench.Read<int>(address + 4ul));
        Bench.Must(bench.Driver.cuMemFree_v2(address));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFree_v2(address));
    }

    [Fact]
    public void Allocate_BadArguments_AreInvalid()
    {
        using var bench = new Bench();
        CUdeviceptr address;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAllocManaged(null, 16, Global));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAllocManaged(&address, 0, Global));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAllocManaged(&address, 16, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAllocManaged(&address, 16, 4));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemAllocManaged(&address, nuint.MaxValue / 2, Global));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFreeHost((void*)Allocate(bench, 16).Value));
    }

    [Fact]
    public void Pointer_IsDescribed()
    {
        using var bench = new Bench();
        CUdeviceptr address = Allocate(bench, 100);
        uint managed;
        CUmemorytype type;
        ulong host, start;
        int ordinal;
        Bench.Must(bench.Driver.cuPointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, address));
        Bench.Must(bench.Driver.cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address));
        Bench.Must(bench.Driver.cuPointerGetAttribute(&host, CU_POINTER_ATTRIBUTE_HOST_POINTER, address + 8ul));
        Bench.Must(bench.Driver.cuPointerGetAttribute(&start, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, address + 8ul));
        Bench.Must(bench.Driver.cuPointerGetAttribute(&ordinal, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, address));

        Assert.Equal((1u, CUmemorytype.CU_MEMORYTYPE_DEVICE, 0), (managed, type, ordinal));
        Assert.Equal((address.Value + 8, address.Value), (host, start));
    }

    [Fact]
    public void Advice_IsKeptByPage()
    {
        using var bench = new Bench(devices: 2);
        CUdeviceptr address = Allocate(bench, 4 * Page);
        Bench.Must(bench.Driver.cuMemAdvise(address + (ulong)Page, Page, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, 1));
        Bench.Must(bench.Driver.cuMemAdvise(address, 4 * Page, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
        Bench.Must(bench.Driver.cuMemAdvise(address, 4 * Page, CU_MEM_ADVISE_SET_ACCESSED_BY, 1));
        Bench.Must(bench.Driver.cuMemAdvise(address, 4 * Page, CU_MEM_ADVISE_SET_ACCESSED_BY, -1));
        Bench.Must(bench.Driver.cuMemPrefetchAsync(address, 2 * Page, 1, default));

        Assert.Equal(1, Get(bench, CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION, address + (ulong)Page, 1));
        Assert.Equal(-2, Get(bench, CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION, address, 2 * Page));
        Assert.Equal(1, Get(bench, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, address, 4 * Page));
        Assert.Equal(1, Get(bench, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, address, 2 * Page));
        Assert.Equal(-2, Get(bench, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, address + (ulong)(2 * Page), Page));
        Assert.Equal((int)CU_MEM_LOCATION_TYPE_DEVICE, Get(bench, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_TYPE, address, Page));
        int* users = stackalloc int[3];
        Bench.Must(bench.Driver.cuMemRangeGetAttribute(users, 12, CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY, address, 4 * Page));
        Assert.Equal([-1, 1, -2], new ReadOnlySpan<int>(users, 3).ToArray());

        Bench.Must(bench.Driver.cuMemAdvise(address, 4 * Page, CU_MEM_ADVISE_UNSET_ACCESSED_BY, 1));
        Bench.Must(bench.Driver.cuMemAdvise(address, Page, CU_MEM_ADVISE_UNSET_READ_MOSTLY, 0));
        Assert.Equal(0, Get(bench, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, address, 4 * Page));
        Assert.Equal(1, Get(bench, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, address + (ulong)Page, 3 * Page));
    }

    [Fact]
    public void Advice_BadArguments_HaveTheirResults()
    {
        using var bench = new Bench();
        CUdeviceptr address = Allocate(bench, Page), device = bench.Allocate(Page);
        int data;
        var nowhere = new CUmemLocation_v1();

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAdvise(device, Page, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAdvise(address, Page + 1, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAdvise(address, 0, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAdvise(address, Page, (CUmem_advise)9, 0));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuMemAdvise(address, Page, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, 1));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuMemPrefetchAsync(address, Page, 7, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuMemPrefetchAsync(address, Page, 0, new CUstream(0x1234560)));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPrefetchAsync_v2(address, Page, nowhere, 0, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemRangeGetAttribute(&data, 8, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, address, Page));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemRangeGetAttribute(&data, 3, CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY, address, Page));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemRangeGetAttribute(&data, 4, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, device, Page));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemRangeGetAttributes(null, null, null, 0, address, Page));
    }

    [Fact]
    public void Batches_AreCheckedAndRemembered()
    {
        using var bench = new Bench();
        CUdeviceptr* addresses = stackalloc CUdeviceptr[] { Allocate(bench, Page), Allocate(bench, Page), Allocate(bench, Page) };
        nuint* sizes = stackalloc nuint[] { Page, Page, Page };
        CUmemLocation_v1* locations = stackalloc CUmemLocation_v1[2];
        locations[0] = new CUmemLocation_v1 { type = CU_MEM_LOCATION_TYPE_HOST };
        locations[1] = new CUmemLocation_v1 { type = CU_MEM_LOCATION_TYPE_DEVICE };
        nuint* indices = stackalloc nuint[] { 0, 2 };

        Bench.Must(bench.Driver.cuMemPrefetchBatchAsync(addresses, sizes, 3, locations, indices, 2, 0, default));
        Bench.Must(bench.Driver.cuMemDiscardBatchAsync(addresses, sizes, 3, 0, default));

        Assert.Equal(-1, Get(bench, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, addresses[1], Page));
        Assert.Equal(0, Get(bench, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, addresses[2], Page));
        indices[0] = 1;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPrefetchBatchAsync(addresses, sizes, 3, locations, indices, 2, 0, default));
        (indices[0], indices[1]) = (0, 3);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemDiscardAndPrefetchBatchAsync(addresses, sizes, 3, locations, indices, 2, 0, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemDiscardBatchAsync(addresses, sizes, 3, 1, default));
        addresses[1] = bench.Allocate(Page);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemDiscardBatchAsync(addresses, sizes, 3, 0, default));
    }

    [Fact]
    public void Attach_TakesWholeAllocationsOnly()
    {
        using var bench = new Bench();
        CUdeviceptr address = Allocate(bench, 100);
        CUstream stream = bench.NewStream();

        Bench.Must(bench.Driver.cuStreamAttachMemAsync(stream, address, 0, 4));
        Bench.Must(bench.Driver.cuStreamAttachMemAsync(default, address, 100, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamAttachMemAsync(stream, address, 50, 4));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamAttachMemAsync(default, address, 0, 4));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamAttachMemAsync(stream, address, 0, 3));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamAttachMemAsync(stream, bench.Allocate(16), 0, 4));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamAttachMemAsync(new CUstream(0x1234560), address, 0, 1));
    }

    [Fact]
    public void ManagedVariable_IsTheSameForProgramAndKernels_UntilItsModuleIsUnloaded()
    {
        using var bench = new Bench();
        CUmodule module = bench.LoadModule(Variables);
        CUdeviceptr address;
        nuint bytes;
        Bench.Must(bench.Driver.cuModuleGetGlobal_v2(&address, &bytes, module, Bench.Text("shared")));
        int* variable = (int*)address.Value;
        Assert.Equal((nuint)4, bytes);
        Assert.Equal(41, *variable);

        Bench.Must(bench.Launch(bench.GetFunction(module, "bump")));
        Bench.Must(bench.Driver.cuCtxSynchronize());
        Assert.Equal(42, *variable);
        *variable = 100;
        Bench.Must(bench.Launch(bench.GetFunction(module, "bump")));
        Assert.Equal(101, bench.Read<int>(address));

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFree_v2(address));
        Bench.Must(bench.Driver.cuModuleUnload(module));
        uint managed;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, address));
    }

    [Fact]
    public void LibraryGetManaged_FindsManagedVariablesOnly()
    {
        using var bench = new Bench();
        CUlibrary library;
        CUdeviceptr address;
        nuint bytes;
        Bench.Must(bench.Driver.cuLibraryLoadData(&library, Bench.Text(Variables), null, null, 0, null, null, 0));

        Bench.Must(bench.Driver.cuLibraryGetManaged(&address, &bytes, library, Bench.Text("shared")));
        Assert.Equal(41, *(int*)address.Value);
        Assert.Equal(CUDA_ERROR_NOT_FOUND, bench.Driver.cuLibraryGetManaged(&address, &bytes, library, Bench.Text("own")));
        Assert.Equal(CUDA_ERROR_NOT_FOUND, bench.Driver.cuLibraryGetManaged(&address, &bytes, library, Bench.Text("absent")));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLibraryGetManaged(&address, &bytes, library, null));
    }

    private static CUdeviceptr Allocate(Bench bench, nuint bytes)
    {
        CUdeviceptr address;
        Bench.Must(bench.Driver.cuMemAllocManaged(&address, bytes, Global));
        return address;
    }

    private static int Get(Bench bench, CUmem_range_attribute attribute, CUdeviceptr address, nuint bytes)
    {
        int value;
        Bench.Must(bench.Driver.cuMemRangeGetAttribute(&value, sizeof(int), attribute, address, bytes));
        return value;
    }
}
