using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Small settings and queries through a server: what is set is got, what is wrong is refused as the driver refuses it.</summary>
public sealed unsafe class SettingsTests : IDisposable
{
    private const string Ptx = """
        .version 7.0
        .target sm_50
        .address_size 64
        .visible .entry k(.param .u64 a, .param .u8 b, .param .u32 c) { ret; }
        """;

    private readonly TestServer _server = new(static () => new SimulatedDriver(new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 16 << 20 })));
    private readonly RemoteDriver _driver;

    public SettingsTests()
    {
        _driver = _server.Connect();
        _driver.CreateContext();
    }

    public void Dispose()
    {
        _driver.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void SharedMemConfig_OfTheContext_IsWhatWasSet()
    {
        CUsharedconfig config;
        Cuda.Ok(_driver.cuCtxSetSharedMemConfig(CUsharedconfig.CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE));
        Cuda.Ok(_driver.cuCtxGetSharedMemConfig(&config));

        Assert.True(config is CUsharedconfig.CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE or CUsharedconfig.CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuCtxSetSharedMemConfig((CUsharedconfig)77));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuCtxGetSharedMemConfig(null));
    }

    [Fact]
    public void SharedMemConfig_OfAFunction_IsCheckedByTheDriver()
    {
        CUfunction function = _driver.Function(_driver.Load(Ptx), "k");

        Cuda.Ok(_driver.cuFuncSetSharedMemConfig(function, CUsharedconfig.CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuFuncSetSharedMemConfig(function, (CUsharedconfig)77));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, _driver.cuFuncSetSharedMemConfig(default, default));
    }

    [Fact]
    public void Kernel_TellsItsNameAndParameters_AndTakesACacheConfig()
    {
        CUkernel kernel = Kernel();
        byte* name;
        nuint offset, size;

        Cuda.Ok(_driver.cuKernelGetName(&name, kernel));
        Assert.Equal("k", System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)name));
        Cuda.Ok(_driver.cuKernelGetParamInfo(kernel, 2, &offset, &size));
        Assert.Equal((12u, 4u), (offset, size));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuKernelGetParamInfo(kernel, 3, &offset, &size));
        Cuda.Ok(_driver.cuKernelSetCacheConfig(kernel, CUfunc_cache.CU_FUNC_CACHE_PREFER_L1, 0));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, _driver.cuKernelSetCacheConfig(kernel, CUfunc_cache.CU_FUNC_CACHE_PREFER_L1, 99));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuKernelSetCacheConfig(kernel, (CUfunc_cache)77, 0));
    }

    [Fact]
    public void PitchedSets_ReachTheirColumnsOnly()
    {
        CUdeviceptr memory = _driver.Allocate(64);
        Cuda.Ok(_driver.cuMemsetD8_v2(memory, 0, 64));
        Cuda.Ok(_driver.cuMemsetD2D16Async(memory, 16, 0x0102, 2, 2, default));
        Cuda.Ok(_driver.cuMemsetD2D32Async(memory + 32ul, 16, 0x03040506, 1, 2, default));

        byte[] bytes = _driver.Read(memory, 64);

        Assert.Equal([2, 1, 2, 1, 0], bytes[16..21]);
        Assert.Equal([6, 5, 4, 3, 0], bytes[48..53]);
        Assert.Equal(20, bytes.Count(static value => value == 0) - 28);
    }

    [Fact]
    public void BlockSize_WithFlags_IsThatOfTheDriver()
    {
        CUfunction function = _driver.Function(_driver.Load(Ptx), "k");
        int grid, block, gridWithFlags, blockWithFlags;

        Cuda.Ok(_driver.cuOccupancyMaxPotentialBlockSize(&grid, &block, function, null, 0, 128));
        Cuda.Ok(_driver.cuOccupancyMaxPotentialBlockSizeWithFlags(&gridWithFlags, &blockWithFlags, function, null, 0, 128, 1));

        Assert.Equal((grid, block), (gridWithFlags, blockWithFlags));
        Assert.InRange(block, 1, 128);
        Assert.Equal(
            CUDA_ERROR_INVALID_VALUE, _driver.cuOccupancyMaxPotentialBlockSizeWithFlags(&gridWithFlags, &blockWithFlags, function, null, 0, 128, 2));
    }

    [Fact]
    public void Profiler_StartsAndStops()
    {
        Cuda.Ok(_driver.cuProfilerStart());
        Cuda.Ok(_driver.cuProfilerStop());
    }

    [Fact]
    public void ExecAffinity_IsThatOfTheDriver()
    {
        int supported = 42;

        Cuda.Ok(_driver.cuDeviceGetExecAffinitySupport(&supported, CUexecAffinityType.CU_EXEC_AFFINITY_TYPE_SM_COUNT, 0));

        Assert.InRange(supported, 0, 1);
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, _driver.cuDeviceGetExecAffinitySupport(&supported, CUexecAffinityType.CU_EXEC_AFFINITY_TYPE_SM_COUNT, 99));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuDeviceGetExecAffinitySupport(null, CUexecAffinityType.CU_EXEC_AFFINITY_TYPE_SM_COUNT, 0));
    }

    [Fact]
    public void MipmappedArray_TellsWhatMemoryItNeeds()
    {
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = new() { Width = 16, Height = 16, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1 };
        CUmipmappedArray array;
        CUDA_ARRAY_MEMORY_REQUIREMENTS_v1 needs;
        CUDA_ARRAY_SPARSE_PROPERTIES_v1 sparse;
        Cuda.Ok(_driver.cuMipmappedArrayCreate(&array, &shape, 2));

        // Neither deferred nor sparse: the driver has nothing to say of it.
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuMipmappedArrayGetMemoryRequirements(&needs, array, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _driver.cuMipmappedArrayGetSparseProperties(&sparse, array));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, _driver.cuMipmappedArrayGetMemoryRequirements(&needs, default, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, _driver.cuMipmappedArrayGetSparseProperties(&sparse, default));
    }

    private CUkernel Kernel()
    {
        CUlibrary library;
        CUkernel kernel;
        fixed (byte* image = Cuda.Text(Ptx), name = Cuda.Text("k"))
        {
            Cuda.Ok(_driver.cuLibraryLoadData(&library, image, null, null, 0, null, null, 0));
            Cuda.Ok(_driver.cuLibraryGetKernel(&kernel, library, name));
        }

        return kernel;
    }
}
