using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;
using CudaRpc.Protocol;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Texture and surface objects over the wire: kernels of the server get them as the numbers that the program has.</summary>
public sealed unsafe class TextureTests : IDisposable
{
    private const string Ptx = """
        .version 8.4
        .target sm_75
        .address_size 64
        .visible .entry scale(.param .u64 texture, .param .u64 surface)
        {
            .reg .f32 %f<6>;
            .reg .b32 %r<4>;
            .reg .b64 %rd<4>;
            ld.param.u64 %rd1, [texture];
            ld.param.u64 %rd2, [surface];
            mov.f32 %f5, 0f3F000000;
            tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [%rd1, {%f5, %f5}];
            add.f32 %f1, %f1, %f1;
            mov.b32 %r1, %f1;
            mov.u32 %r2, 4;
            mov.u32 %r3, 0;
            sust.b.2d.b32.trap [%rd2, {%r2, %r3}], {%r1};
            ret;
        }
        """;

    private readonly Stage _stage = new();

    private RemoteDriver Driver => _stage.Driver;

    public void Dispose() => _stage.Dispose();

    [Fact]
    public void Kernel_WithObjectsAmongItsParameters_SamplesAndStores()
    {
        CUDA_RESOURCE_DESC_v1 resource = Array([1.5f, 0, 0, 0]);
        ulong texture = Texture(resource), surface;
        Cuda.Ok(Driver.cuSurfObjectCreate(&surface, &resource));
        ulong* parameters = stackalloc ulong[] { texture, surface };

        Cuda.Ok(Driver.Launch(Driver.Function(Driver.Load(Ptx), "scale"), new ReadOnlySpan<byte>(parameters, 16)));

        float[] back = new float[2];
        fixed (float* target = back)
        {
            Cuda.Ok(Driver.cuMemcpyAtoH_v2(target, resource.res.array.hArray, 0, 8));
        }

        Assert.Equal([1.5f, 3], back);
        Cuda.Ok(Driver.cuTexObjectDestroy(texture));
        Cuda.Ok(Driver.cuSurfObjectDestroy(surface));
        Cuda.Ok(Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Descriptions_AreGivenBackWithoutARoundTrip()
    {
        CUDA_RESOURCE_DESC_v1 resource = Array([0, 0, 0, 0]), backResource;
        CUDA_TEXTURE_DESC_v1 texture = new() { flags = 2, maxAnisotropy = 4 }, backTexture;
        CUDA_RESOURCE_VIEW_DESC_v1 view = new() { width = 2, height = 2, format = CUresourceViewFormat.CU_RES_VIEW_FORMAT_UINT_1X32 }, backView;
        texture.borderColor[2] = 5;
        ulong viewed, plain, surface;
        Cuda.Ok(Driver.cuTexObjectCreate(&viewed, &resource, &texture, &view));
        Cuda.Ok(Driver.cuTexObjectCreate(&plain, &resource, &texture, null));
        Cuda.Ok(Driver.cuSurfObjectCreate(&surface, &resource));
        long before = Driver.Session.Statistics.Synchronous;

        Cuda.Ok(Driver.cuTexObjectGetResourceDesc(&backResource, viewed));
        Assert.Equal(resource.res.array.hArray, backResource.res.array.hArray);
        Cuda.Ok(Driver.cuTexObjectGetTextureDesc(&backTexture, viewed));
        Assert.Equal((2u, 4u, 5f), (backTexture.flags, backTexture.maxAnisotropy, backTexture.borderColor[2]));
        Cuda.Ok(Driver.cuTexObjectGetResourceViewDesc(&backView, viewed));
        Assert.Equal(view.format, backView.format);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexObjectGetResourceViewDesc(&backView, plain));
        Cuda.Ok(Driver.cuSurfObjectGetResourceDesc(&backResource, surface));
        Assert.Equal(before, Driver.Session.Statistics.Synchronous);
    }

    [Fact]
    public void BadObjects_AreInvalidAndTheSessionLives()
    {
        CUDA_RESOURCE_DESC_v1 resource = Array([0, 0, 0, 0]), unknown = new() { resType = (CUresourcetype)9 }, stale = resource;
        stale.res.array.hArray = new CUarray(_stage.Stream.Value);
        CUDA_TEXTURE_DESC_v1 texture = default, wrong = new() { filterMode = (CUfilter_mode)7 };
        CUDA_RESOURCE_DESC_v1 nowhere = new() { resType = CUresourcetype.CU_RESOURCE_TYPE_LINEAR };
        nowhere.res.linear = new() { devPtr = new CUdeviceptr(0x12345), format = CUarray_format.CU_AD_FORMAT_FLOAT, numChannels = 1, sizeInBytes = 4 };
        ulong made;

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexObjectCreate(null, &resource, &texture, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexObjectCreate(&made, &resource, null, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexObjectCreate(&made, &unknown, &texture, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuTexObjectCreate(&made, &stale, &texture, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexObjectCreate(&made, &resource, &wrong, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexObjectCreate(&made, &nowhere, &texture, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuSurfObjectCreate(&made, &nowhere));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexObjectDestroy(12345));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuSurfObjectDestroy(0));
        Cuda.Ok(Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Object_OfAnotherSession_CannotBeDestroyed()
    {
        ulong texture = Texture(Array([1, 0, 0, 0]));
        using var other = new RawSession(_stage.Server.UnixUrl);
        Assert.Equal(CUresult.CUDA_SUCCESS, other.Call(CallId.cuCtxCreate_v2, Values(HandleId.Make(HandleKind.CUcontext, 1000), 0, 0)));
        other.Context = 1000;

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, other.Call(CallId.cuTexObjectDestroy, Values((long)texture)));

        Cuda.Ok(Driver.cuTexObjectDestroy(texture));
        Cuda.Ok(Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Objects_OfAContextThatEnds_AreGone()
    {
        CUcontext context = Driver.CreateContext();
        ulong texture = Texture(Array([1, 0, 0, 0]));
        Cuda.Ok(Driver.cuCtxDestroy_v2(context));
        Cuda.Ok(Driver.cuCtxSetCurrent(_stage.Context));

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexObjectDestroy(texture));
    }

    private static RawPeer.WriteBody Values(params long[] values) => (ref MessagePackWriter writer) =>
    {
        foreach (long value in values)
        {
            writer.Write(value);
        }
    };

    private ulong Texture(CUDA_RESOURCE_DESC_v1 resource)
    {
        CUDA_TEXTURE_DESC_v1 description = default;
        ulong texture;
        Cuda.Ok(Driver.cuTexObjectCreate(&texture, &resource, &description, null));
        return texture;
    }

    // Two by two floats that kernels may store to.
    private CUDA_RESOURCE_DESC_v1 Array(float[] texels)
    {
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = new() { Width = 2, Height = 2, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1, Flags = 2 };
        CUDA_RESOURCE_DESC_v1 resource = new() { resType = CUresourcetype.CU_RESOURCE_TYPE_ARRAY };
        CUarray array;
        Cuda.Ok(Driver.cuArray3DCreate_v2(&array, &shape));
        fixed (float* source = texels)
        {
            CUDA_MEMCPY2D_v2 copy = new() { srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST, srcHost = source, WidthInBytes = 8, Height = 2 };
            (copy.dstMemoryType, copy.dstArray) = (CUmemorytype.CU_MEMORYTYPE_ARRAY, array);
            Cuda.Ok(Driver.cuMemcpy2D_v2(&copy));
        }

        resource.res.array.hArray = array;
        return resource;
    }
}
