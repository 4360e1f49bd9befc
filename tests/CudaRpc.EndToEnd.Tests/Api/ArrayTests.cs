using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;

namespace CudaRpc.EndToEnd.Tests.Api;

public sealed unsafe class ArrayTests : IDisposable
{
    private readonly Stage _stage = new();

    private RemoteDriver Driver => _stage.Driver;

    public void Dispose() => _stage.Dispose();

    [Fact]
    public void Array_OverTheWire_HasItsShapeAndBytes()
    {
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = Shape(8, 4, 2), back;
        CUarray array;
        Cuda.Ok(Driver.cuArray3DCreate_v2(&array, &shape));
        Cuda.Ok(Driver.cuArray3DGetDescriptor_v2(&back, array));
        Assert.Equal(shape, back);

        long value = 42, copy = 0;
        CUarray row = NewRow(64);
        Cuda.Ok(Driver.cuMemcpyHtoA_v2(row, 8, &value, 8));
        CUdeviceptr device = Driver.Allocate(8);
        Cuda.Ok(Driver.cuMemcpyAtoD_v2(device, row, 8, 8));
        Cuda.Ok(Driver.cuMemcpyDtoA_v2(row, 16, device, 8));
        Cuda.Ok(Driver.cuMemcpyAtoA_v2(row, 24, row, 16, 8));
        Cuda.Ok(Driver.cuMemcpyAtoHAsync_v2(&copy, row, 24, 8, _stage.Stream));
        Assert.Equal(42, copy);
        Cuda.Ok(Driver.cuArrayDestroy(row));
        Cuda.Ok(Driver.cuArrayDestroy(array));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuArrayDestroy(array));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuMemcpyAtoH_v2(&copy, row, 0, 8));
    }

    [Fact]
    public void MipmappedArray_AskedTwiceForALevel_AnswersTheSameWithoutARoundTrip()
    {
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = Shape(16, 16, 0), back;
        CUmipmappedArray mipmap;
        CUarray level, again;
        Cuda.Ok(Driver.cuMipmappedArrayCreate(&mipmap, &shape, 3));
        Cuda.Ok(Driver.cuMipmappedArrayGetLevel(&level, mipmap, 2));
        Cuda.Ok(Driver.cuArray3DGetDescriptor_v2(&back, level));
        Assert.Equal(Shape(4, 4, 0), back);
        long before = Driver.Session.Statistics.Synchronous;

        Cuda.Ok(Driver.cuMipmappedArrayGetLevel(&again, mipmap, 2));

        Assert.Equal(before, Driver.Session.Statistics.Synchronous);
        Assert.Equal(level, again);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuMipmappedArrayGetLevel(&again, mipmap, 3));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuArrayDestroy(level));
        Cuda.Ok(Driver.cuMipmappedArrayDestroy(mipmap));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuArray3DGetDescriptor_v2(&back, level));
    }

    [Fact]
    public void Array_ThatCannotBe_SaysWhy()
    {
        CUarray array;
        CUDA_ARRAY3D_DESCRIPTOR_v2 empty = Shape(0, 4, 2), large = Shape(16384, 16384, 16384);

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuArray3DCreate_v2(&array, &empty));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuArray3DCreate_v2(null, &large));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuArray3DCreate_v2(&array, null));
        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, Driver.cuArray3DCreate_v2(&array, &large));
    }

    [Fact]
    public void ArraysLeftBehind_EndWithTheSession()
    {
        using (RemoteDriver other = _stage.Server.Connect())
        {
            other.Retain();
            CUDA_ARRAY3D_DESCRIPTOR_v2 shape = Shape(16, 16, 0);
            CUmipmappedArray mipmap;
            CUarray level, array;
            Cuda.Ok(other.cuMipmappedArrayCreate(&mipmap, &shape, 3));
            Cuda.Ok(other.cuMipmappedArrayGetLevel(&level, mipmap, 1));
            Cuda.Ok(other.cuArray3DCreate_v2(&array, &shape));
        }

        Condition.Becomes(1, () => _stage.Server.Server.Usage.Sessions);
    }

    private CUarray NewRow(int bytes)
    {
        CUDA_ARRAY_DESCRIPTOR_v2 shape = new() { Width = (nuint)bytes, Format = CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8, NumChannels = 1 };
        CUarray array;
        Cuda.Ok(Driver.cuArrayCreate_v2(&array, &shape));
        return array;
    }

    private static CUDA_ARRAY3D_DESCRIPTOR_v2 Shape(int width, int height, int depth) => new()
    {
        Width = (nuint)width,
        Height = (nuint)height,
        Depth = (nuint)depth,
        Format = CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8,
        NumChannels = 4,
    };
}
