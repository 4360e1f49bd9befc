using static CudaRpc.Driver.CUtensorMapDataType;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Tensor maps: what their arguments may be.</summary>
public sealed unsafe class TensorMapTests : IDisposable
{
    private readonly Bench _bench = new(withContext: false);
    private readonly CUtensorMap* _map = (CUtensorMap*)System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)sizeof(CUtensorMap), 128);

    public void Dispose()
    {
        System.Runtime.InteropServices.NativeMemory.AlignedFree(_map);
        _bench.Dispose();
    }

    [Fact]
    public void Tiled_SaysInItsBytesWhatItWasMadeOf()
    {
        byte[] one = Tiled(new Arguments())!, again = Tiled(new Arguments())!;

        Assert.Equal(one, again);
        Assert.NotEqual(one, Tiled(new Arguments { Box0 = 32 }));
        Assert.NotEqual(one, Tiled(new Arguments { Dimension1 = 63 }));
        Assert.NotEqual(one, Tiled(new Arguments { Stride = 512 }));
        Assert.NotEqual(one, Tiled(new Arguments { Address = 0x2000 }));
        Assert.NotEqual(one, Tiled(new Arguments { Type = CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 }));
        Assert.NotEqual(one, Tiled(new Arguments { Swizzle = CUtensorMapSwizzle.CU_TENSOR_MAP_SWIZZLE_128B }));
    }

    [Fact]
    public void Tiled_WithBadArguments_IsRefused()
    {
        Assert.Null(Tiled(new Arguments { Rank = 0 }));
        Assert.Null(Tiled(new Arguments { Rank = 6 }));
        Assert.Null(Tiled(new Arguments { Address = 0x1008 }));
        Assert.Null(Tiled(new Arguments { Dimension1 = 0 }));
        Assert.Null(Tiled(new Arguments { Dimension1 = (1UL << 32) + 1 }));
        Assert.Null(Tiled(new Arguments { Stride = 24 }));
        Assert.Null(Tiled(new Arguments { Stride = 1UL << 40 }));
        Assert.Null(Tiled(new Arguments { Box0 = 0 }));
        Assert.Null(Tiled(new Arguments { Box0 = 257 }));
        Assert.Null(Tiled(new Arguments { Box0 = 4 }));
        Assert.Null(Tiled(new Arguments { ElementStride = 9 }));
        Assert.Null(Tiled(new Arguments { Type = (CUtensorMapDataType)99 }));
        Assert.Null(Tiled(new Arguments { Swizzle = CUtensorMapSwizzle.CU_TENSOR_MAP_SWIZZLE_32B }));
        Assert.Null(Tiled(new Arguments { Interleave = CUtensorMapInterleave.CU_TENSOR_MAP_INTERLEAVE_16B }));
        Assert.Null(Tiled(new Arguments { Type = CU_TENSOR_MAP_DATA_TYPE_UINT16, Fill = CUtensorMapFloatOOBfill.CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA }));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _bench.Driver.cuTensorMapEncodeTiled(
            null, CU_TENSOR_MAP_DATA_TYPE_UINT8, 1, null, null, null, null, null, 0, 0, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Encode((CUtensorMap*)((byte*)_map + 32), new Arguments()));
    }

    [Theory]
    [InlineData(3, -32768, 32767, true)]
    [InlineData(3, 0, 32768, false)]
    [InlineData(4, -128, 127, true)]
    [InlineData(4, -129, 0, false)]
    [InlineData(5, -16, 15, true)]
    [InlineData(5, 0, 16, false)]
    public void Im2col_TakesCornersInTheRangeOfItsRank(int rank, int lower, int upper, bool isGood)
    {
        ulong* dimensions = stackalloc ulong[] { 64, 8, 8, 8, 8 }, strides = stackalloc ulong[] { 128, 1024, 8192, 65536 };
        uint* elements = stackalloc uint[] { 1, 1, 1, 1, 1 };
        int* low = stackalloc int[] { lower, lower, lower }, high = stackalloc int[] { upper, upper, upper };

        CUresult result = _bench.Driver.cuTensorMapEncodeIm2col(
            _map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, (uint)rank, (void*)0x1000, dimensions, strides, low, high, 64, 128, elements, 0, 0, 0, 0);

        Assert.Equal(isGood ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE, result);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _bench.Driver.cuTensorMapEncodeIm2col(
            _map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, (uint)rank, (void*)0x1000, dimensions, strides, low, high, 64, 1025, elements, 0, 0, 0, 0));
    }

    [Fact]
    public void Im2colWide_AndNewAddresses_AreJudgedToo()
    {
        ulong* dimensions = stackalloc ulong[] { 64, 8, 8 }, strides = stackalloc ulong[] { 128, 1024 };
        uint* elements = stackalloc uint[] { 1, 1, 1 };
        Bench.Must(_bench.Driver.cuTensorMapEncodeIm2colWide(
            _map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 3, (void*)0x1000, dimensions, strides, -4, 4, 64, 128, elements, 0, 0, 0, 0, 0));
        CUtensorMap before = *_map;

        Bench.Must(_bench.Driver.cuTensorMapReplaceAddress(_map, (void*)0x2000));

        Assert.NotEqual(Bytes(before), Bytes(*_map));
        Bench.Must(_bench.Driver.cuTensorMapReplaceAddress(_map, (void*)0x1000));
        Assert.Equal(Bytes(before), Bytes(*_map));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _bench.Driver.cuTensorMapReplaceAddress(_map, (void*)0x1001));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _bench.Driver.cuTensorMapEncodeIm2colWide(
            _map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 3, (void*)0x1000, dimensions, strides, -4, 4, 64, 128, elements,
            CUtensorMapInterleave.CU_TENSOR_MAP_INTERLEAVE_16B, 0, 0, 0, 0));
        *_map = default;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, _bench.Driver.cuTensorMapReplaceAddress(_map, (void*)0x1000));
    }

    private byte[]? Tiled(in Arguments arguments) => Encode(_map, arguments) == CUDA_SUCCESS ? Bytes(*_map) : null;

    private CUresult Encode(CUtensorMap* map, in Arguments a)
    {
        ulong* dimensions = stackalloc ulong[] { 64, a.Dimension1, 1, 1, 1, 1 }, strides = stackalloc ulong[] { a.Stride, 16, 16, 16, 16 };
        uint* box = stackalloc uint[] { a.Box0, 8, 1, 1, 1, 1 }, elements = stackalloc uint[] { 1, a.ElementStride, 1, 1, 1, 1 };
        return _bench.Driver.cuTensorMapEncodeTiled(
            map, a.Type, a.Rank, (void*)a.Address, dimensions, strides, box, elements, a.Interleave, a.Swizzle, 0, a.Fill);
    }

    private static byte[] Bytes(CUtensorMap map) => new ReadOnlySpan<byte>(&map, sizeof(CUtensorMap)).ToArray();

    private readonly record struct Arguments()
    {
        public CUtensorMapDataType Type { get; init; } = CU_TENSOR_MAP_DATA_TYPE_FLOAT16;

        public uint Rank { get; init; } = 2;

        public ulong Address { get; init; } = 0x1000;

        public ulong Dimension1 { get; init; } = 64;

        public ulong Stride { get; init; } = 128;

        public uint Box0 { get; init; } = 64;

        public uint ElementStride { get; init; } = 1;

        public CUtensorMapInterleave Interleave { get; init; }

        public CUtensorMapSwizzle Swizzle { get; init; }

        public CUtensorMapFloatOOBfill Fill { get; init; }
    }
}
