using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Texture and surface references and batches of copies over the wire.</summary>
public sealed unsafe class ReferenceTests : IDisposable
{
    private const string Ptx = """
        .version 8.4
        .target sm_75
        .address_size 64
        .visible .global .texref image;
        .visible .global .surfref canvas;
        .visible .entry k(.param .u64 out)
        {
            .reg .f32 %f<6>;
            .reg .b64 %rd<3>;
            ld.param.u64 %rd1, [out];
            mov.f32 %f5, 0f3F000000;
            tex.1d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [image, {%f5}];
            st.global.f32 [%rd1], %f1;
            ret;
        }
        """;

    private readonly Stage _stage = new();

    private RemoteDriver Driver => _stage.Driver;

    public void Dispose() => _stage.Dispose();

    [Fact]
    public void TextureReference_OfAModule_IsWhatItsKernelsSample()
    {
        CUmodule module = Driver.Load(Ptx);
        CUtexref image = TexRef(module, "image"), again = TexRef(module, "image");
        Assert.Equal(image, again);
        CUarray array = Row([2.5f, 4.5f]), bound;
        Cuda.Ok(Driver.cuTexRefSetArray(image, array, 1));
        Cuda.Ok(Driver.cuTexRefGetArray(&bound, image));
        Assert.Equal(array, bound);
        Cuda.Ok(Driver.cuTexRefSetFilterMode(image, CUfilter_mode.CU_TR_FILTER_MODE_LINEAR));
        Cuda.Ok(Driver.cuTexRefSetFlags(image, 2));
        ulong target = Driver.Allocate(4).Value;

        Cuda.Ok(Driver.Launch(Driver.Function(module, "k"), new ReadOnlySpan<byte>(&target, 8)));

        Assert.Equal(3.5f, BitConverter.ToSingle(Driver.Read(new CUdeviceptr(target), 4)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexRefDestroy(image));
        Cuda.Ok(Driver.cuModuleUnload(module));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuTexRefSetFlags(image, 2));
    }

    [Fact]
    public void TextureReference_OfTheProgram_KeepsItsState()
    {
        CUtexref reference;
        Cuda.Ok(Driver.cuTexRefCreate(&reference));
        float* color = stackalloc float[] { 1, 2, 3, 4 };
        float* back = stackalloc float[4];
        float least, most;
        CUarray_format format;
        int channels;
        nuint offset;
        CUdeviceptr memory = Driver.Allocate(64), bound;
        Cuda.Ok(Driver.cuTexRefSetBorderColor(reference, color));
        Cuda.Ok(Driver.cuTexRefSetMipmapLevelClamp(reference, 1, 2));
        Cuda.Ok(Driver.cuTexRefSetFormat(reference, CUarray_format.CU_AD_FORMAT_HALF, 4));
        Cuda.Ok(Driver.cuTexRefSetAddress_v2(&offset, reference, memory + 8ul, 8));

        Cuda.Ok(Driver.cuTexRefGetBorderColor(back, reference));
        Cuda.Ok(Driver.cuTexRefGetMipmapLevelClamp(&least, &most, reference));
        Cuda.Ok(Driver.cuTexRefGetFormat(&format, &channels, reference));
        Cuda.Ok(Driver.cuTexRefGetAddress_v2(&bound, reference));

        Assert.Equal([1, 2, 3, 4], new ReadOnlySpan<float>(back, 4).ToArray());
        Assert.Equal((1f, 2f, CUarray_format.CU_AD_FORMAT_HALF, 4, (nuint)8), (least, most, format, channels, offset));
        Assert.Equal(memory, bound);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexRefSetAddressMode(reference, 5, 0));
        Cuda.Ok(Driver.cuTexRefDestroy(reference));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuTexRefDestroy(reference));
    }

    [Fact]
    public void TextureReference_OfAMipmapOrAPitchedPlane_KeepsIt()
    {
        CUtexref reference;
        Cuda.Ok(Driver.cuTexRefCreate(&reference));
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = new() { Width = 4, Height = 4, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1 };
        CUmipmappedArray mipmap, bound;
        Cuda.Ok(Driver.cuMipmappedArrayCreate(&mipmap, &shape, 2));
        Cuda.Ok(Driver.cuTexRefSetMipmappedArray(reference, mipmap, 1));
        Cuda.Ok(Driver.cuTexRefGetMipmappedArray(&bound, reference));
        Assert.Equal(mipmap, bound);

        CUDA_ARRAY_DESCRIPTOR_v2 plane = new() { Width = 4, Height = 2, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1 };
        CUdeviceptr memory = Driver.Allocate(1024), address;
        Cuda.Ok(Driver.cuTexRefSetAddress2D_v3(reference, &plane, memory, 512));
        Cuda.Ok(Driver.cuTexRefGetAddress_v2(&address, reference));
        Assert.Equal(memory, address);
        Assert.NotEqual(CUresult.CUDA_SUCCESS, Driver.cuTexRefGetMipmappedArray(&bound, reference));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexRefSetAddress2D_v3(reference, &plane, memory, 4096));
    }

    [Fact]
    public void SurfaceReference_OfAModule_KeepsItsArray()
    {
        CUmodule module = Driver.Load(Ptx);
        CUsurfref canvas;
        CUtexref none;
        CUarray bound;
        fixed (byte* name = Cuda.Text("canvas"))
        {
            Cuda.Ok(Driver.cuModuleGetSurfRef(&canvas, module, name));
            Assert.Equal(CUresult.CUDA_ERROR_NOT_FOUND, Driver.cuModuleGetTexRef(&none, module, name));
        }

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuSurfRefGetArray(&bound, canvas));
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = new() { Width = 2, Height = 2, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1, Flags = 2 };
        CUarray array;
        Cuda.Ok(Driver.cuArray3DCreate_v2(&array, &shape));
        Cuda.Ok(Driver.cuSurfRefSetArray(canvas, array, 0));
        Cuda.Ok(Driver.cuSurfRefGetArray(&bound, canvas));
        Assert.Equal(array, bound);
    }

    [Fact]
    public void Batch_OverTheWire_CopiesEach()
    {
        CUarray array = Row([1, 2, 3, 4]);
        float* back = stackalloc float[2];
        CUDA_MEMCPY3D_BATCH_OP_v1 operation = new()
        {
            src = new() { type = CUmemcpy3DOperandType.CU_MEMCPY_OPERAND_TYPE_ARRAY },
            dst = new() { type = CUmemcpy3DOperandType.CU_MEMCPY_OPERAND_TYPE_POINTER },
            extent = new() { width = 2, height = 1, depth = 1 },
            srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_STREAM,
        };
        operation.src.op.array = new() { array = array, offset = new() { x = 1 } };
        operation.dst.op.ptr = new() { ptr = new CUdeviceptr((ulong)back) };
        nuint failed;

        Cuda.Ok(Driver.cuMemcpy3DBatchAsync(1, &operation, &failed, 0, _stage.Stream));
        Cuda.Ok(Driver.cuStreamSynchronize(_stage.Stream));

        Assert.Equal([2, 3], new ReadOnlySpan<float>(back, 2).ToArray());
        operation.src.op.array.array = new CUarray(_stage.Stream.Value);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuMemcpy3DBatchAsync(1, &operation, &failed, 0, _stage.Stream));
        Assert.Equal((nuint)0, failed);
    }

    [Fact]
    public void LinearTextures_AreAsWideAsTheDeviceSays()
    {
        nuint width;
        Cuda.Ok(Driver.cuDeviceGetTexture1DLinearMaxWidth(&width, CUarray_format.CU_AD_FORMAT_FLOAT, 4, 0));

        Assert.Equal((nuint)1 << 28, width);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuDeviceGetTexture1DLinearMaxWidth(&width, CUarray_format.CU_AD_FORMAT_FLOAT, 3, 0));
    }

    private CUtexref TexRef(CUmodule module, string name)
    {
        CUtexref reference;
        fixed (byte* text = Cuda.Text(name))
        {
            Cuda.Ok(Driver.cuModuleGetTexRef(&reference, module, text));
        }

        return reference;
    }

    private CUarray Row(float[] texels)
    {
        CUDA_ARRAY_DESCRIPTOR_v2 shape = new() { Width = (nuint)texels.Length, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1 };
        CUarray array;
        Cuda.Ok(Driver.cuArrayCreate_v2(&array, &shape));
        fixed (float* source = texels)
        {
            Cuda.Ok(Driver.cuMemcpyHtoA_v2(array, 0, source, (nuint)(texels.Length * 4)));
        }

        return array;
    }
}
