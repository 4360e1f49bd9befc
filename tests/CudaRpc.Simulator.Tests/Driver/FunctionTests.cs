using System.Runtime.InteropServices;
using static CudaRpc.Driver.CUfunction_attribute;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class FunctionTests
{
    [Theory]
    [InlineData("nothing", CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024)]
    [InlineData("limited", CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 64)]
    [InlineData("exact", CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 32)]
    [InlineData("roomy", CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, 40960)]
    [InlineData("roomy", CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 8192)]
    [InlineData("nothing", CU_FUNC_ATTRIBUTE_PTX_VERSION, 70)]
    [InlineData("nothing", CU_FUNC_ATTRIBUTE_BINARY_VERSION, 90)]
    [InlineData("nothing", CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, -1)]
    [InlineData("nothing", CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH, 0)]
    public void Attribute_FollowsFromTheCode(string kernel, CUfunction_attribute attribute, int expected)
    {
        using var bench = new Bench();
        int value;

        Bench.Must(bench.Driver.cuFuncGetAttribute(&value, attribute, bench.GetFunction(kernel)));

        Assert.Equal(expected, value);
    }

    [Fact]
    public void Attributes_AllAnswerAndUnknownOnesDoNot()
    {
        using var bench = new Bench();
        CUfunction function = bench.GetFunction("nothing");
        int value;
        for (CUfunction_attribute attribute = 0; attribute < CU_FUNC_ATTRIBUTE_MAX; attribute++)
        {
            Assert.Equal(CUDA_SUCCESS, bench.Driver.cuFuncGetAttribute(&value, attribute, function));
        }
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX, function));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuFuncGetAttribute(null, CU_FUNC_ATTRIBUTE_NUM_REGS, function));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, default));
    }

    [Fact]
    public void SetAttribute_AllowsDynamicSharedMemoryUpToTheDevicesLimit()
    {
        using var bench = new Bench();
        CUfunction function = bench.GetFunction("roomy");
        const int Most = (227 << 10) - 40960;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Launch(function, sharedBytes: 8193));
        Assert.Equal(
            CUDA_ERROR_INVALID_VALUE, bench.Driver.cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, Most + 1));
        Bench.Must(bench.Driver.cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, Most));

        Assert.Equal(CUDA_SUCCESS, bench.Launch(function, sharedBytes: Most));
        Bench.Must(bench.Driver.cuCtxSynchronize());
    }

    [Fact]
    public void SetAttribute_ThatCannotBeSet_IsRefused()
    {
        using var bench = new Bench();
        CUfunction function = bench.GetFunction("nothing");

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Set(CU_FUNC_ATTRIBUTE_NUM_REGS, 8));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Set(CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH, 17));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Set(CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Set(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 101));
        Assert.Equal(CUDA_SUCCESS, Set(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 100));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuFuncSetCacheConfig(function, CUfunc_cache.CU_FUNC_CACHE_PREFER_L1));

        CUresult Set(CUfunction_attribute attribute, int value) => bench.Driver.cuFuncSetAttribute(function, attribute, value);
    }

    [Fact]
    public void Parameters_HaveTheLayoutOfC()
    {
        using var bench = new Bench();
        CUfunction function = bench.GetFunction("mixed");
        var layout = new List<(int Offset, int Size)>();
        nuint offset, size;

        for (nuint i = 0; bench.Driver.cuFuncGetParamInfo(function, i, &offset, &size) == CUDA_SUCCESS; i++)
        {
            layout.Add(((int)offset, (int)size));
        }

        Assert.Equal([(0, 1), (2, 2), (8, 8), (16, 20), (36, 4)], layout);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuFuncGetParamInfo(function, 5, &offset, &size));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuFuncGetParamInfo(function, 4, &offset, null));
    }

    [Fact]
    public void Name_IsThatOfTheCode()
    {
        using var bench = new Bench();
        byte* name;

        Bench.Must(bench.Driver.cuFuncGetName(&name, bench.GetFunction("roomy")));

        Assert.Equal("roomy", Marshal.PtrToStringUTF8((nint)name));
    }

    [Fact]
    public void Function_IsAlwaysLoaded()
    {
        using var bench = new Bench();
        CUfunction function = bench.GetFunction("roomy");
        CUfunctionLoadingState state;

        Bench.Must(bench.Driver.cuFuncLoad(function));
        Bench.Must(bench.Driver.cuFuncIsLoaded(&state, function));

        Assert.Equal(CUfunctionLoadingState.CU_FUNCTION_LOADING_STATE_LOADED, state);
    }

    [Fact]
    public void Occupancy_Calls_AgreeWithEachOther()
    {
        using var bench = new Bench();
        CUfunction roomy = bench.GetFunction("roomy"), limited = bench.GetFunction("limited");
        int blocks, grid, size;
        nuint shared;

        Bench.Must(bench.Driver.cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, roomy, 128, 0));
        Assert.Equal(5, blocks);
        Bench.Must(bench.Driver.cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, roomy, 128, 100_000, 1));
        Assert.Equal(1, blocks);
        Bench.Must(bench.Driver.cuOccupancyAvailableDynamicSMemPerBlock(&shared, roomy, 2, 128));
        Assert.Equal((nuint)((113 << 10) - 40960), shared);
        Bench.Must(bench.Driver.cuOccupancyMaxPotentialBlockSize(&grid, &size, limited, null, 0, 0));
        Assert.Equal((32 * 16, 64), (grid, size));
        Bench.Must(bench.Driver.cuOccupancyMaxPotentialBlockSize(&grid, &size, bench.GetFunction("nothing"), null, 0, 200));
        Assert.Equal(0, size % 32);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, roomy, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuOccupancyMaxActiveBlocksPerMultiprocessor(null, roomy, 32, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuOccupancyAvailableDynamicSMemPerBlock(&shared, roomy, 33, 128));
    }

    [Fact]
    public void Occupancy_OfClusters_IsThatOfTheirBlocks()
    {
        using var bench = new Bench();
        CUfunction limited = bench.GetFunction("limited");
        var attribute = new CUlaunchAttribute { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION };
        attribute.value.clusterDim.x = attribute.value.clusterDim.y = attribute.value.clusterDim.z = 1;
        var config = new CUlaunchConfig { gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 64, blockDimY = 1, blockDimZ = 1 };
        config.attrs = &attribute;
        config.numAttrs = 1;
        int clusters, size;

        Bench.Must(bench.Driver.cuOccupancyMaxActiveClusters(&clusters, limited, &config));
        Bench.Must(bench.Driver.cuOccupancyMaxPotentialClusterSize(&size, limited, &config));

        Assert.Equal((512, 8), (clusters, size));
        attribute.value.clusterDim.x = 2;
        Bench.Must(bench.Driver.cuOccupancyMaxActiveClusters(&clusters, limited, &config));
        Assert.Equal(256, clusters);
        attribute.value.clusterDim.x = 9;
        Assert.Equal(CUDA_ERROR_INVALID_CLUSTER_SIZE, bench.Driver.cuOccupancyMaxActiveClusters(&clusters, limited, &config));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuOccupancyMaxActiveClusters(null, limited, &config));
    }
}
