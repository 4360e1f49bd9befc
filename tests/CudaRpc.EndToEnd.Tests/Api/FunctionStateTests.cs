using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUfunction_attribute;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>What functions, kernels and libraries say and keep through a server, and what fits a multiprocessor.</summary>
public sealed unsafe class FunctionStateTests : IDisposable
{
    private const string Ptx = """
        .version 7.8
        .target sm_90
        .address_size 64
        .visible .global .align 4 .u32 number = 42;
        .visible .entry store(.param .u64 out, .param .f32 value)
        {
            .reg .b64 %rd<2>;
            .reg .f32 %f<2>;
            ld.param.u64 %rd1, [out];
            ld.param.f32 %f1, [value];
            st.global.f32 [%rd1], %f1;
            ret;
        }
        """;

    private readonly SimulatedServer _server = new();
    private readonly CUmodule _module;
    private readonly CUfunction _store;

    public FunctionStateTests()
    {
        _module = Driver.Load(Ptx);
        _store = Driver.Function(_module, "store");
    }

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Function_KeepsWhatIsSet_AndIsLoaded()
    {
        int value;
        CUmodule module;
        CUfunctionLoadingState state;
        Cuda.Ok(Driver.cuFuncSetAttribute(_store, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 2048));
        Cuda.Ok(Driver.cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, _store));
        Assert.Equal(2048, value);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuFuncSetAttribute(_store, CU_FUNC_ATTRIBUTE_NUM_REGS, 3));
        Cuda.Ok(Driver.cuFuncSetCacheConfig(_store, CUfunc_cache.CU_FUNC_CACHE_PREFER_L1));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuFuncSetCacheConfig(_store, (CUfunc_cache)77));
        Cuda.Ok(Driver.cuFuncLoad(_store));
        Cuda.Ok(Driver.cuFuncIsLoaded(&state, _store));
        Assert.Equal(CUfunctionLoadingState.CU_FUNCTION_LOADING_STATE_LOADED, state);
        Cuda.Ok(Driver.cuFuncGetModule(&module, _store));
        Assert.Equal(_module, module);
    }

    [Fact]
    public void LibraryFromAFile_HasItsVariablesAndKernels()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, Ptx);
        CUlibrary library;
        CUdeviceptr number;
        CUkernel kernel;
        nuint size;
        int value;
        fixed (byte* file = Cuda.Text(path), name = Cuda.Text("number"), store = Cuda.Text("store"))
        {
            Cuda.Ok(Driver.cuLibraryLoadFromFile(&library, file, null, null, 0, null, null, 0));
            Cuda.Ok(Driver.cuLibraryGetGlobal(&number, &size, library, name));
            Cuda.Ok(Driver.cuLibraryGetKernel(&kernel, library, store));
        }

        Assert.Equal((nuint)4, size);
        Assert.Equal([42, 0, 0, 0], Driver.Read(number, 4));
        Cuda.Ok(Driver.cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 4096, kernel, 0));
        Cuda.Ok(Driver.cuKernelGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, kernel, 0));
        Assert.Equal(4096, value);
        File.Delete(path);
    }

    [Fact]
    public void CooperativeAndOldLaunches_PassTheirParameters()
    {
        CUdeviceptr target = Driver.Allocate(4);
        float value = 2.5f;
        void** parameters = stackalloc void*[] { &target, &value };
        Cuda.Ok(Driver.cuLaunchCooperativeKernel(_store, 1, 1, 1, 1, 1, 1, 0, default, parameters));
        Assert.Equal(2.5f, BitConverter.ToSingle(Driver.Read(target, 4)));

        Cuda.Ok(Driver.cuFuncSetBlockShape(_store, 1, 1, 1));
        Cuda.Ok(Driver.cuParamSetSize(_store, 12));
        Cuda.Ok(Driver.cuParamSetv(_store, 0, &target, 8));
        Cuda.Ok(Driver.cuParamSetf(_store, 8, 3.5f));
        Cuda.Ok(Driver.cuLaunch(_store));
        Assert.Equal(3.5f, BitConverter.ToSingle(Driver.Read(target, 4)));
    }

    [Fact]
    public void Occupancy_IsTheServersDevices()
    {
        int blocks, plain, clusters;
        nuint shared;
        CUlaunchAttribute cluster = new() { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION };
        (cluster.value.clusterDim.x, cluster.value.clusterDim.y, cluster.value.clusterDim.z) = (1, 1, 1);
        CUlaunchConfig config = new()
        {
            gridDimX = 8, gridDimY = 1, gridDimZ = 1, blockDimX = 64, blockDimY = 1, blockDimZ = 1, attrs = &cluster, numAttrs = 1,
        };

        Cuda.Ok(Driver.cuOccupancyMaxActiveBlocksPerMultiprocessor(&plain, _store, 128, 0));
        Cuda.Ok(Driver.cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, _store, 128, 0, 0));
        Assert.Equal(plain, blocks);
        Assert.InRange(blocks, 2, 32);
        Cuda.Ok(Driver.cuOccupancyAvailableDynamicSMemPerBlock(&shared, _store, 2, 128));
        Assert.InRange((int)shared, 1 << 14, 1 << 17);
        Cuda.Ok(Driver.cuOccupancyMaxPotentialClusterSize(&clusters, _store, &config));
        Assert.Equal(8, clusters);
    }
}
