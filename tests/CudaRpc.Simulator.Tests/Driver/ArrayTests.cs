namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class ArrayTests
{
    private const CUarray_format Byte = CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8, Float = CUarray_format.CU_AD_FORMAT_FLOAT;

    [Theory]
    [InlineData(100, 0, 0, Byte, 1, 0, CUDA_SUCCESS)]
    [InlineData(100, 0, 0, Byte, 3, 0, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(100, 20, 0, Float, 4, 2, CUDA_SUCCESS)]
    [InlineData(10, 20, 30, CUarray_format.CU_AD_FORMAT_HALF, 2, 0, CUDA_SUCCESS)]
    [InlineData(10, 0, 30, Byte, 1, 0, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(10, 0, 30, Byte, 1, 1, CUDA_SUCCESS)]
    [InlineData(10, 20, 0, Byte, 1, 1, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(8, 8, 6, Byte, 1, 4, CUDA_SUCCESS)]
    [InlineData(8, 8, 7, Byte, 1, 4, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(8, 4, 6, Byte, 1, 4, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(8, 8, 12, Byte, 1, 5, CUDA_SUCCESS)]
    [InlineData(8, 8, 0, Byte, 1, 8, CUDA_SUCCESS)]
    [InlineData(8, 0, 0, Byte, 1, 8, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(0, 8, 0, Byte, 1, 0, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(131073, 0, 0, Byte, 1, 0, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(8, 8, 0, CUarray_format.CU_AD_FORMAT_UNORM_INT8X4, 4, 0, CUDA_SUCCESS)]
    [InlineData(8, 8, 0, CUarray_format.CU_AD_FORMAT_UNORM_INT8X4, 1, 0, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(8, 8, 0, CUarray_format.CU_AD_FORMAT_NV12, 3, 0, CUDA_ERROR_NOT_SUPPORTED)]
    [InlineData(8, 8, 0, (CUarray_format)77, 1, 0, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(131072, 65536, 0, Byte, 1, 0, CUDA_ERROR_OUT_OF_MEMORY)]
    public void Array_OfAShape_CanOrCannotBe(int width, int height, int depth, CUarray_format format, int channels, int flags, CUresult expected)
    {
        using var bench = new Bench();
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = Shape(width, height, depth, format, channels, flags), back;
        CUarray array;
        ulong before = bench.Used;

        Assert.Equal(expected, bench.Driver.cuArray3DCreate_v2(&array, &shape));

        if (expected == CUDA_SUCCESS)
        {
            Assert.True(bench.Used > before);
            Bench.Must(bench.Driver.cuArray3DGetDescriptor_v2(&back, array));
            Assert.Equal(shape, back);
            Bench.Must(bench.Driver.cuArrayDestroy(array));
        }

        Assert.Equal(before, bench.Used);
    }

    [Fact]
    public void Array_OfADescriptor_HasIt()
    {
        using var bench = new Bench();
        CUDA_ARRAY_DESCRIPTOR_v2 shape = new() { Width = 5, Height = 7, Format = Float, NumChannels = 2 }, back;
        CUarray array;

        Bench.Must(bench.Driver.cuArrayCreate_v2(&array, &shape));
        Bench.Must(bench.Driver.cuArrayGetDescriptor_v2(&back, array));

        Assert.Equal(shape, back);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuArrayGetDescriptor_v2(null, array));
    }

    [Fact]
    public void Array_Destroyed_IsNoHandleAnyMore()
    {
        using var bench = new Bench();
        CUarray array = NewArray(bench, 16);
        CUDA_ARRAY_DESCRIPTOR_v2 shape;

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuArrayDestroy(array));

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuArrayDestroy(array));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuArrayGetDescriptor_v2(&shape, array));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuMemcpyDtoA_v2(array, 0, bench.Allocate(4), 4));
    }

    [Fact]
    public void Array_OfAContext_EndsWithIt()
    {
        using var bench = new Bench();
        ulong before = bench.Used;
        int handles = bench.Driver.HandleCount;
        CUcontext context = bench.NewContext();
        NewArray(bench, 1000);
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = Shape(64, 64, 0, Byte, 1, 0);
        CUmipmappedArray mipmap;
        CUarray level;
        Bench.Must(bench.Driver.cuMipmappedArrayCreate(&mipmap, &shape, 3));
        Bench.Must(bench.Driver.cuMipmappedArrayGetLevel(&level, mipmap, 1));

        Bench.Must(bench.Driver.cuCtxDestroy_v2(context));

        Assert.Equal(before, bench.Used);
        Assert.Equal(handles, bench.Driver.HandleCount);
    }

    [Fact]
    public void Copies_OfOneDimensionalArrays_KeepTheBytes()
    {
        using var bench = new Bench();
        CUarray first = NewArray(bench, 64), second = NewArray(bench, 64);
        CUdeviceptr device = bench.Allocate(64);
        long value = 0x1122334455667788, back = 0, later = 0;

        Bench.Must(bench.Driver.cuMemcpyHtoA_v2(first, 8, &value, 8));
        Bench.Must(bench.Driver.cuMemcpyAtoA_v2(second, 16, first, 8, 8));
        Bench.Must(bench.Driver.cuMemcpyAtoD_v2(device, second, 16, 8));
        Bench.Must(bench.Driver.cuMemcpyDtoA_v2(first, 0, device, 8));
        Bench.Must(bench.Driver.cuMemcpyHtoAAsync_v2(first, 24, &value, 8, default));
        Bench.Must(bench.Driver.cuMemcpyAtoH_v2(&back, first, 0, 8));
        Bench.Must(bench.Driver.cuMemcpyAtoHAsync_v2(&later, first, 24, 8, default));

        Assert.Equal((value, value), (back, later));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyAtoH_v2(&back, first, 60, 8));
    }

    [Fact]
    public void Copy_OfPartOfATexel_IsInvalid()
    {
        using var bench = new Bench();
        CUDA_ARRAY_DESCRIPTOR_v2 shape = new() { Width = 8, Format = Float, NumChannels = 1 };
        CUarray array;
        Bench.Must(bench.Driver.cuArrayCreate_v2(&array, &shape));
        long value;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyHtoA_v2(array, 2, &value, 4));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyHtoA_v2(array, 0, &value, 6));
    }

    [Fact]
    public void MipmappedArray_HasLevelsOfHalfTheSize()
    {
        using var bench = new Bench();
        ulong before = bench.Used;
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = Shape(20, 9, 0, Byte, 4, 0), back;
        CUmipmappedArray mipmap;
        CUarray level, again;
        Bench.Must(bench.Driver.cuMipmappedArrayCreate(&mipmap, &shape, 100));

        Bench.Must(bench.Driver.cuMipmappedArrayGetLevel(&level, mipmap, 2));
        Bench.Must(bench.Driver.cuMipmappedArrayGetLevel(&again, mipmap, 2));
        Bench.Must(bench.Driver.cuArray3DGetDescriptor_v2(&back, level));

        Assert.Equal(level, again);
        Assert.Equal(Shape(5, 2, 0, Byte, 4, 0), back);
        // 20 has five halves: more levels than asked for are none.
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMipmappedArrayGetLevel(&again, mipmap, 4));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMipmappedArrayGetLevel(&again, mipmap, 5));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuArrayDestroy(level));
        Bench.Must(bench.Driver.cuMipmappedArrayDestroy(mipmap));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuArray3DGetDescriptor_v2(&back, level));
        Assert.Equal(before, bench.Used);
    }

    [Fact]
    public void Features_TheDeviceLacks_AreInvalidOfItsArrays()
    {
        using var bench = new Bench();
        CUarray array = NewArray(bench, 16), plane;
        CUDA_ARRAY_SPARSE_PROPERTIES_v1 sparse;
        CUDA_ARRAY_MEMORY_REQUIREMENTS_v1 requirements;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuArrayGetSparseProperties(&sparse, array));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuArrayGetMemoryRequirements(&requirements, array, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuArrayGetPlane(&plane, array, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuArrayGetPlane(&plane, default, 0));
    }

    private static CUarray NewArray(Bench bench, int bytes)
    {
        CUDA_ARRAY_DESCRIPTOR_v2 shape = new() { Width = (nuint)bytes, Format = Byte, NumChannels = 1 };
        CUarray array;
        Bench.Must(bench.Driver.cuArrayCreate_v2(&array, &shape));
        return array;
    }

    private static CUDA_ARRAY3D_DESCRIPTOR_v2 Shape(int width, int height, int depth, CUarray_format format, int channels, int flags) => new()
    {
        Width = (nuint)width,
        Height = (nuint)height,
        Depth = (nuint)depth,
        Format = format,
        NumChannels = (uint)channels,
        Flags = (uint)flags,
    };
}
