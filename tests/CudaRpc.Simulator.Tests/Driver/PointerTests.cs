using static CudaRpc.Driver.CUpointer_attribute;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class PointerTests
{
    [Fact]
    public void DevicePointer_IsDescribed()
    {
        using var bench = new Bench(devices: 2);
        CUcontext second = bench.NewContext(1);
        CUdeviceptr address = bench.Allocate(100), other = bench.Allocate(100);

        Assert.Equal(second, Get<CUcontext>(bench, CU_POINTER_ATTRIBUTE_CONTEXT, address));
        Assert.Equal(CUmemorytype.CU_MEMORYTYPE_DEVICE, Get<CUmemorytype>(bench, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address));
        Assert.Equal(address.Value + 5, Get<ulong>(bench, CU_POINTER_ATTRIBUTE_DEVICE_POINTER, address + 5ul));
        Assert.Equal(1, Get<int>(bench, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, address));
        Assert.Equal(address.Value, Get<ulong>(bench, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, address + 5ul));
        Assert.Equal(100ul, Get<ulong>(bench, CU_POINTER_ATTRIBUTE_RANGE_SIZE, address));
        Assert.Equal(0u, Get<uint>(bench, CU_POINTER_ATTRIBUTE_IS_MANAGED, address));
        ulong id = Get<ulong>(bench, CU_POINTER_ATTRIBUTE_BUFFER_ID, address), host;
        Assert.NotEqual(id, Get<ulong>(bench, CU_POINTER_ATTRIBUTE_BUFFER_ID, other));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerGetAttribute(&host, CU_POINTER_ATTRIBUTE_HOST_POINTER, address));
    }

    [Fact]
    public void HostPointer_IsDescribed()
    {
        using var bench = new Bench();
        var address = new CUdeviceptr((ulong)bench.AllocateHost(100));

        Assert.Equal(CUmemorytype.CU_MEMORYTYPE_HOST, Get<CUmemorytype>(bench, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address));
        Assert.Equal(address.Value, Get<ulong>(bench, CU_POINTER_ATTRIBUTE_HOST_POINTER, address));
        Assert.Equal(0u, Get<uint>(bench, CU_POINTER_ATTRIBUTE_MAPPED, address));
    }

    [Fact]
    public void UnknownPointer_IsInvalidForOneAndZeroForMany()
    {
        using var bench = new Bench();
        CUmemorytype type = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        int ordinal;
        CUpointer_attribute* attributes =
            stackalloc CUpointer_attribute[] { CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL };
        void** data = stackalloc void*[] { &type, &ordinal };
        var address = new CUdeviceptr((ulong)&type);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address));
        Bench.Must(bench.Driver.cuPointerGetAttributes(2, attributes, data, address));

        Assert.Equal((CUmemorytype)0, type);
        Assert.Equal(-2, ordinal);
    }

    [Fact]
    public void Attributes_BadArguments_AreInvalid()
    {
        using var bench = new Bench();
        CUdeviceptr address = bench.Allocate(16);
        CUpointer_attribute unknown = (CUpointer_attribute)99;
        void* data = &address;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerGetAttributes(1, &unknown, &data, address));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerGetAttributes(0, &unknown, &data, address));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerGetAttributes(1, null, &data, address));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuPointerGetAttribute(null, CU_POINTER_ATTRIBUTE_CONTEXT, address));
    }

    private static T Get<T>(Bench bench, CUpointer_attribute attribute, CUdeviceptr address)
        where T : unmanaged
    {
        T value;
        Bench.Must(bench.Driver.cuPointerGetAttribute(&value, attribute, address));
        return value;
    }
}
