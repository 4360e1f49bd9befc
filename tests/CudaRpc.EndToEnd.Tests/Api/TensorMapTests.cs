using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;
using static CudaRpc.Driver.CUresult;
using static CudaRpc.Driver.CUtensorMapDataType;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Tensor maps through a server: byte for byte what the driver there makes.</summary>
public sealed unsafe class TensorMapTests : IDisposable
{
    private readonly BareServer _server = new();
    private readonly CUtensorMap* _map = (CUtensorMap*)NativeMemory.AlignedAlloc((nuint)sizeof(CUtensorMap), 128);

    private RemoteDriver Driver => _server.Driver;

    public void Dispose()
    {
        NativeMemory.AlignedFree(_map);
        _server.Dispose();
    }

    [Fact]
    public void Maps_AreThoseOfTheServersDriver()
    {
        using var gpu = new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 1 << 20 });
        using var local = new SimulatedDriver(gpu);
        Cuda.Ok(local.cuInit(0));

        foreach (Func<CudaDriver, CUresult> encode in new Func<CudaDriver, CUresult>[] { Tiled, Im2col, Im2colWide, Moved })
        {
            Cuda.Ok(encode(local));
            byte[] expected = new ReadOnlySpan<byte>(_map, sizeof(CUtensorMap)).ToArray();
            *_map = default;
            Cuda.Ok(encode(Driver));
            Assert.Equal(expected, new ReadOnlySpan<byte>(_map, sizeof(CUtensorMap)).ToArray());
        }
    }

    [Fact]
    public void BadArguments_AreRefused()
    {
        ulong* dimensions = stackalloc ulong[] { 64, 64 }, strides = stackalloc ulong[] { 128 };
        uint* box = stackalloc uint[] { 64, 8 }, elements = stackalloc uint[] { 1, 1 };
        var misaligned = (CUtensorMap*)((byte*)_map + 8);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuTensorMapEncodeTiled(null, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 2, null, dimensions, strides, box, elements, 0, 0, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuTensorMapEncodeTiled(misaligned, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 2, null, dimensions, strides, box, elements, 0, 0, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuTensorMapEncodeTiled(_map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, uint.MaxValue, null, dimensions, strides, box, elements, 0, 0, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuTensorMapEncodeTiled(_map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 2, (void*)8, dimensions, strides, box, elements, 0, 0, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuTensorMapEncodeTiled(_map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 2, null, dimensions, null, box, elements, 0, 0, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuTensorMapEncodeIm2col(_map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 2, null, dimensions, strides, null, null, 1, 1, elements, 0, 0, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuTensorMapReplaceAddress(null, null));
        *_map = default;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuTensorMapReplaceAddress(_map, null));
    }

    private CUresult Tiled(CudaDriver driver)
    {
        ulong* dimensions = stackalloc ulong[] { 64, 64, 3, 4, 5 }, strides = stackalloc ulong[] { 128, 8192, 24576, 98304 };
        uint* box = stackalloc uint[] { 64, 8, 1, 1, 1 }, elements = stackalloc uint[] { 1, 1, 2, 1, 8 };
        return driver.cuTensorMapEncodeTiled(
            _map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 5, (void*)0x2000_0000_1000, dimensions, strides, box, elements, 0,
            CUtensorMapSwizzle.CU_TENSOR_MAP_SWIZZLE_128B, CUtensorMapL2promotion.CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
            CUtensorMapFloatOOBfill.CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA);
    }

    private CUresult Im2col(CudaDriver driver)
    {
        ulong* dimensions = stackalloc ulong[] { 64, 8, 8, 4 }, strides = stackalloc ulong[] { 128, 1024, 8192 };
        uint* elements = stackalloc uint[] { 1, 1, 1, 1 };
        int* lower = stackalloc int[] { -1, -2 }, upper = stackalloc int[] { 1, 2 };
        return driver.cuTensorMapEncodeIm2col(
            _map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 4, (void*)0x2000_0000_1000, dimensions, strides, lower, upper, 64, 128, elements, 0, 0, 0, 0);
    }

    private CUresult Im2colWide(CudaDriver driver)
    {
        ulong* dimensions = stackalloc ulong[] { 64, 8, 8 }, strides = stackalloc ulong[] { 128, 1024 };
        uint* elements = stackalloc uint[] { 1, 1, 1 };
        return driver.cuTensorMapEncodeIm2colWide(
            _map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 3, (void*)0x2000_0000_1000, dimensions, strides, -3, 3, 64, 128, elements, 0,
            CUtensorMapIm2ColWideMode.CU_TENSOR_MAP_IM2COL_WIDE_MODE_W128, 0, 0, 0);
    }

    private CUresult Moved(CudaDriver driver)
    {
        CUresult result = Tiled(driver);
        return result == CUDA_SUCCESS ? driver.cuTensorMapReplaceAddress(_map, (void*)0x2000_0000_8000) : result;
    }
}
