using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;
using static CudaRpc.Driver.CUmem_advise;
using static CudaRpc.Driver.CUmem_range_attribute;
using static CudaRpc.Driver.CUmemLocationType;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Advice about managed memory of a program whose device is behind a server.</summary>
public sealed unsafe class ManagedAdviceTests : IDisposable
{
    private const int Bytes = 1 << 16;

    private readonly TestServer _server = new(static () => new SimulatedDriver(new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 16 << 20 })));
    private readonly RemoteDriver _driver;
    private readonly CUdeviceptr _memory;

    public ManagedAdviceTests()
    {
        _driver = _server.Connect();
        _driver.CreateContext();
        CUdeviceptr memory;
        Cuda.Ok(_driver.cuMemAllocManaged(&memory, Bytes, 1));
        _memory = memory;
    }

    public void Dispose()
    {
        _driver.cuMemFree_v2(_memory);
        _driver.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void Advice_IsWhatTheRangeTells_UntilItIsTakenBack()
    {
        CUmemLocation_v1 device = new() { type = CU_MEM_LOCATION_TYPE_DEVICE, id = 0 };

        Cuda.Ok(_driver.cuMemAdvise_v2(_memory, Bytes, CU_MEM_ADVISE_SET_READ_MOSTLY, device));
        Cuda.Ok(_driver.cuMemAdvise_v2(_memory, Bytes, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, device));
        Assert.Equal((1, 0), (Ask(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY), Ask(CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION)));

        Cuda.Ok(_driver.cuMemAdvise_v2(_memory, Bytes, CU_MEM_ADVISE_UNSET_READ_MOSTLY, device));
        Cuda.Ok(_driver.cuMemAdvise_v2(_memory, Bytes, CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION, device));
        Assert.Equal(0, Ask(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY));

        // CU_DEVICE_INVALID: nowhere.
        Assert.Equal(-2, Ask(CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION));
    }

    [Fact]
    public void Advice_InError_IsRefusedAndChangesNothing()
    {
        CUmemLocation_v1 device = new() { type = CU_MEM_LOCATION_TYPE_DEVICE, id = 0 };
        CUmemLocation_v1 nowhere = new() { type = CU_MEM_LOCATION_TYPE_DEVICE, id = 99 };

        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, _driver.cuMemAdvise_v2(_memory, Bytes, CU_MEM_ADVISE_SET_ACCESSED_BY, nowhere));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuMemAdvise_v2(_memory, Bytes, (CUmem_advise)77, device));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuMemAdvise_v2(_memory, nuint.MaxValue, CU_MEM_ADVISE_SET_READ_MOSTLY, device));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuMemAdvise_v2(default, Bytes, CU_MEM_ADVISE_SET_READ_MOSTLY, device));
        Assert.Equal(0, Ask(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY));
    }

    private int Ask(CUmem_range_attribute attribute)
    {
        int value = 42;
        Cuda.Ok(_driver.cuMemRangeGetAttribute(&value, sizeof(int), attribute, _memory, Bytes));
        return value;
    }
}
