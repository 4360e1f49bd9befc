using CudaRpc.Simulator.Tests.Driver;

namespace CudaRpc.Simulator.Tests.Ptx.Compiled;

/// <summary>Texture and surface functions of CUDA C as NVIDIA's compiler makes them, on objects made by the driver.</summary>
public sealed unsafe class CompiledTextureTests
{
    private const string Source = """
        extern "C" __global__ void fetch(cudaTextureObject_t t, float4* out) { out[threadIdx.x] = tex1Dfetch<float4>(t, (int)threadIdx.x - 1); }
        extern "C" __global__ void line(cudaTextureObject_t t, float4* out, float x, float step) { out[threadIdx.x] = tex1D<float4>(t, x + step * threadIdx.x); }
        extern "C" __global__ void plane(cudaTextureObject_t t, float4* out, float x, float step, float y) { out[threadIdx.x] = tex2D<float4>(t, x + step * threadIdx.x, y); }
        extern "C" __global__ void volume(cudaTextureObject_t t, float4* out, float x, float step, float y, float z) { out[threadIdx.x] = tex3D<float4>(t, x + step * threadIdx.x, y, z); }
        extern "C" __global__ void layers(cudaTextureObject_t t, float4* out, float x, float y) { out[threadIdx.x] = tex2DLayered<float4>(t, x, y, threadIdx.x); }
        extern "C" __global__ void lines(cudaTextureObject_t t, float4* out, float x) { out[threadIdx.x] = tex1DLayered<float4>(t, x, threadIdx.x); }
        extern "C" __global__ void cube(cudaTextureObject_t t, float4* out, float x, float y, float z) { float s = threadIdx.x ? -1 : 1; out[threadIdx.x] = texCubemap<float4>(t, s * x, s * y, s * z); }
        extern "C" __global__ void cubes(cudaTextureObject_t t, float4* out, float x, float y, float z) { out[threadIdx.x] = texCubemapLayered<float4>(t, x, y, z, threadIdx.x); }
        extern "C" __global__ void lod(cudaTextureObject_t t, float4* out, float step) { out[threadIdx.x] = tex2DLod<float4>(t, 0.4f, 0.4f, step * threadIdx.x); }
        extern "C" __global__ void grad(cudaTextureObject_t t, float4* out, float d) { out[threadIdx.x] = tex2DGrad<float4>(t, 0.4f, 0.4f, make_float2(d, 0), make_float2(0, d / 2)); }
        extern "C" __global__ void gather(cudaTextureObject_t t, float4* out, float x, float y) { out[threadIdx.x] = threadIdx.x ? tex2Dgather<float4>(t, x, y, 1) : tex2Dgather<float4>(t, x, y, 0); }
        extern "C" __global__ void integers(cudaTextureObject_t t, int4* out, float x, float step, float y) { out[threadIdx.x] = tex2D<int4>(t, x + step * threadIdx.x, y); }
        extern "C" __global__ void shift(cudaSurfaceObject_t from, cudaSurfaceObject_t to)
        {
            int4 v; surf2Dread(&v, from, threadIdx.x * 16, threadIdx.y, cudaBoundaryModeZero);
            v.x += 100;
            surf2Dwrite(v, to, (threadIdx.x + 1) * 16, threadIdx.y, cudaBoundaryModeZero);
        }
        extern "C" __global__ void bytes(cudaSurfaceObject_t s, int* out)
        {
            signed char c; surf2Dread(&c, s, (int)threadIdx.x - 2, 0, cudaBoundaryModeClamp);
            short2 d; surf2Dread(&d, s, threadIdx.x / 4 * 4, 1);
            long long q; surf2Dread(&q, s, threadIdx.x / 8 * 8, 1);
            out[threadIdx.x] = c + d.x * 3 + d.y * 5 + (int)(q >> 32) * 7;
        }
        extern "C" __global__ void outside(cudaSurfaceObject_t s) { surf2Dwrite((int)threadIdx.x, s, threadIdx.x * 4 + 64, 0); }
        extern "C" __global__ void deep(cudaSurfaceObject_t s) { surf3Dwrite((unsigned char)(threadIdx.x + 10 * threadIdx.y + 50 * threadIdx.z), s, threadIdx.x, threadIdx.y, threadIdx.z); }
        extern "C" __global__ void layered(cudaSurfaceObject_t s) { float f; surf2DLayeredread(&f, s, threadIdx.x * 4, 0, 1); surf2DLayeredwrite(f * 2, s, threadIdx.x * 4, 1, 0); }
        """;

    private static readonly Lazy<string> s_ptx = new(() => Nvrtc.Compile(Source, "75"));

    [Fact]
    public void Fetch_FromLinearMemory_IsZeroOutside()
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUdeviceptr memory = stage.Allocate<float>([1, 2, 3, 4, 5, 6, 7, 8]);
        CUDA_RESOURCE_DESC_v1 resource = new() { resType = CUresourcetype.CU_RESOURCE_TYPE_LINEAR };
        resource.res.linear = new() { devPtr = memory, format = CUarray_format.CU_AD_FORMAT_FLOAT, numChannels = 2, sizeInBytes = 32 };
        ulong texture = stage.Texture(resource, new());

        Float4[] results = stage.Run("fetch", 6, texture);

        Assert.Equal([(0, 0), (1, 2), (3, 4), (5, 6), (7, 8), (0, 0)], results.Select(r => ((int)r.X, (int)r.Y)));
    }

    [Theory]
    [InlineData(CUaddress_mode.CU_TR_ADDRESS_MODE_WRAP, true, new float[] { 20, 30, 0, 10, 20, 30, 0, 10 })]
    [InlineData(CUaddress_mode.CU_TR_ADDRESS_MODE_MIRROR, true, new float[] { 10, 0, 0, 10, 20, 30, 30, 20 })]
    [InlineData(CUaddress_mode.CU_TR_ADDRESS_MODE_CLAMP, true, new float[] { 0, 0, 0, 10, 20, 30, 30, 30 })]
    [InlineData(CUaddress_mode.CU_TR_ADDRESS_MODE_BORDER, true, new float[] { 7, 7, 0, 10, 20, 30, 7, 7 })]
    [InlineData(CUaddress_mode.CU_TR_ADDRESS_MODE_WRAP, false, new float[] { 0, 0, 0, 10, 20, 30, 30, 30 })]
    public void AddressModes_OutsideTheTexture_AreTheGuides(CUaddress_mode mode, bool normalized, float[] expected)
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUDA_TEXTURE_DESC_v1 description = new() { addressMode0 = mode, flags = normalized ? 2u : 0 };
        description.borderColor[0] = 7;
        ulong texture = stage.Texture(stage.Array<float>(4, 0, 0, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 0, [0, 10, 20, 30]), description);
        float scale = normalized ? 0.25f : 1;

        Float4[] results = stage.Run("line", 8, texture, -1.5f * scale, scale);

        Assert.Equal(expected, results.Select(r => r.X));
    }

    [Fact]
    public void LinearFilter_OfALine_BlendsNeighboursByEightBits()
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUDA_TEXTURE_DESC_v1 description = Clamped(CUfilter_mode.CU_TR_FILTER_MODE_LINEAR);
        ulong texture = stage.Texture(stage.Array<float>(4, 0, 0, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 0, [0, 256, 512, 1024]), description);

        // 1/1000 of a texel from a centre is nearer to no step of 1/256 than to one.
        Assert.Equal([0, 128, 256, 384, 512], stage.Run("line", 5, texture, 0.5f, 0.5f).Select(r => r.X));
        Assert.Equal([256, 256, 257], stage.Run("line", 3, texture, 1.5f, 0.0015f).Select(r => r.X));
        Assert.Equal([1024], stage.Run("line", 1, texture, 3.9f, 0f).Select(r => r.X));
    }

    [Fact]
    public void LinearFilter_OfAPlaneAndAVolume_IsTheWeightedMean()
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUDA_TEXTURE_DESC_v1 description = Clamped(CUfilter_mode.CU_TR_FILTER_MODE_LINEAR);
        float[] texels = [.. Enumerable.Range(0, 3 * 4 * 5).Select(i => (float)(i * i % 37))];
        ulong plane = stage.Texture(stage.Array<float>(3, 4, 0, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 0, texels[..12]), description);
        ulong volume = stage.Texture(stage.Array<float>(3, 4, 5, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 0, texels), description);

        Float4[] flat = stage.Run("plane", 13, plane, 0f, 0.25f, 1.75f);
        Float4[] deep = stage.Run("volume", 13, volume, 0f, 0.25f, 1.75f, 3.125f);

        for (int i = 0; i < 13; i++)
        {
            Assert.Equal(Reference(texels, 3, 4, 1, i * 0.25, 1.75, 0.5), flat[i].X, 1e-4);
            Assert.Equal(Reference(texels, 3, 4, 5, i * 0.25, 1.75, 3.125), deep[i].X, 1e-4);
        }
    }

    [Fact]
    public void Formats_AreReadAsTheyAreMeant()
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUDA_TEXTURE_DESC_v1 fractions = Clamped(0);
        CUDA_TEXTURE_DESC_v1 integers = Clamped(0);
        integers.flags = 1;
        CUDA_TEXTURE_DESC_v1 srgb = Clamped(0);
        srgb.flags = 16;

        CUDA_RESOURCE_DESC_v1 bytes = stage.Array<byte>(1, 1, 0, CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8, 4, 0, [0, 51, 255, 128]);
        CUDA_RESOURCE_DESC_v1 shorts = stage.Array<short>(1, 1, 0, CUarray_format.CU_AD_FORMAT_SIGNED_INT16, 2, 0, [-32768, 16384]);
        CUDA_RESOURCE_DESC_v1 halves = stage.Array<Half>(1, 1, 0, CUarray_format.CU_AD_FORMAT_HALF, 1, 0, [(Half)1.5f]);
        CUDA_RESOURCE_DESC_v1 words = stage.Array<int>(1, 1, 0, CUarray_format.CU_AD_FORMAT_SIGNED_INT32, 2, 0, [-5, 7]);
        CUDA_RESOURCE_DESC_v1 normal = stage.Array<sbyte>(1, 1, 0, CUarray_format.CU_AD_FORMAT_SNORM_INT8X2, 2, 0, [-127, 127]);

        Assert.Equal(new Float4(0, 51 / 255f, 1, 128 / 255f), stage.Run("plane", 1, stage.Texture(bytes, fractions), 0f, 0f, 0f)[0]);
        Assert.Equal(new Int4(0, 51, 255, 128), stage.Run<Int4>("integers", 1, stage.Texture(bytes, integers), 0f, 0f, 0f)[0]);
        Float4 linear = stage.Run("plane", 1, stage.Texture(bytes, srgb), 0f, 0f, 0f)[0];
        Assert.Equal(MathF.Pow(((51 / 255f) + 0.055f) / 1.055f, 2.4f), linear.Y, 1e-6f);
        Assert.Equal(128 / 255f, linear.W);
        Assert.Equal(new Float4(-1, 16384 / 32767f, 0, 1), stage.Run("plane", 1, stage.Texture(shorts, fractions), 0f, 0f, 0f)[0]);
        Assert.Equal(1.5f, stage.Run("plane", 1, stage.Texture(halves, fractions), 0f, 0f, 0f)[0].X);
        Assert.Equal(new Int4(-5, 7, 0, 1), stage.Run<Int4>("integers", 1, stage.Texture(words, integers), 0f, 0f, 0f)[0]);
        Assert.Equal(new Float4(-1, 1, 0, 1), stage.Run("plane", 1, stage.Texture(normal, fractions), 0f, 0f, 0f)[0]);
    }

    [Fact]
    public void Layers_AreNotBlended_AndTheLastIsTheLimit()
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUDA_TEXTURE_DESC_v1 description = Clamped(CUfilter_mode.CU_TR_FILTER_MODE_LINEAR);
        ulong planes = stage.Texture(stage.Array<float>(2, 1, 3, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 1, [0, 2, 10, 12, 20, 22]), description);
        ulong lines = stage.Texture(stage.Array<float>(2, 0, 3, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 1, [0, 2, 10, 12, 20, 22]), description);

        Assert.Equal([1, 11, 21, 21], stage.Run("layers", 4, planes, 1f, 0f).Select(r => r.X));
        Assert.Equal([1, 11, 21, 21], stage.Run("lines", 4, lines, 1f).Select(r => r.X));
    }

    [Fact]
    public void Cubemap_InEachDirection_HasItsFace()
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUDA_TEXTURE_DESC_v1 description = Clamped(0);
        description.flags = 2;
        ulong cube = stage.Texture(stage.Array<float>(1, 1, 6, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 4, [0, 1, 2, 3, 4, 5]), description);
        float[] twelve = [.. Enumerable.Range(0, 12).Select(i => (float)i)];
        ulong cubes = stage.Texture(stage.Array<float>(1, 1, 12, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 5, twelve), description);

        Assert.Equal([0, 1], stage.Run("cube", 2, cube, 3f, 1f, -2f).Select(r => r.X));
        Assert.Equal([2, 3], stage.Run("cube", 2, cube, 1f, 3f, -2f).Select(r => r.X));
        Assert.Equal([4, 5], stage.Run("cube", 2, cube, 1f, -2f, 3f).Select(r => r.X));
        Assert.Equal([4, 10], stage.Run("cubes", 2, cubes, 1f, -2f, 3f).Select(r => r.X));
    }

    [Fact]
    public void MipmappedTexture_AtALevel_BlendsTwo()
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUDA_RESOURCE_DESC_v1 mipmap = stage.Mipmap(4, 3, level => 100 * (level + 1));
        CUDA_TEXTURE_DESC_v1 nearest = Clamped(0);
        nearest.flags = 2;
        nearest.maxMipmapLevelClamp = 10;
        CUDA_TEXTURE_DESC_v1 blended = nearest;
        blended.mipmapFilterMode = CUfilter_mode.CU_TR_FILTER_MODE_LINEAR;
        CUDA_TEXTURE_DESC_v1 limited = blended;
        (limited.mipmapLevelBias, limited.minMipmapLevelClamp, limited.maxMipmapLevelClamp) = (0.5f, 0.75f, 1.25f);

        Assert.Equal([100, 100, 200, 200, 300, 300], stage.Run("lod", 6, stage.Texture(mipmap, nearest), 0.4f).Select(r => r.X));
        Assert.Equal([100, 150, 200, 250, 300, 300], stage.Run("lod", 6, stage.Texture(mipmap, blended), 0.5f).Select(r => r.X));
        Assert.Equal([175, 200, 225, 225], stage.Run("lod", 4, stage.Texture(mipmap, limited), 0.5f).Select(r => r.X));
        // Two texels of four to a pixel: level one.
        Assert.Equal(200, stage.Run("grad", 1, stage.Texture(mipmap, blended), 0.5f)[0].X);
    }

    [Fact]
    public void Gather_GivesOneChannelOfFourTexels()
    {
        using var stage = new TextureStage(s_ptx.Value);
        float[] texels = [.. Enumerable.Range(0, 24).Select(i => (float)i)];
        ulong texture = stage.Texture(stage.Array<float>(4, 3, 0, CUarray_format.CU_AD_FORMAT_FLOAT, 2, 8, texels), Clamped(0));

        Float4[] results = stage.Run("gather", 2, texture, 2f, 1f);

        Assert.Equal(new Float4(10, 12, 4, 2), results[0]);
        Assert.Equal(new Float4(11, 13, 5, 3), results[1]);
    }

    [Fact]
    public void ResourceView_ShowsOtherFormatLevelsAndLayers()
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUDA_RESOURCE_DESC_v1 layers = stage.Array<float>(2, 1, 4, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 1, [0, 0, 10, 10, 20, 20, 30, 30]);
        CUDA_RESOURCE_VIEW_DESC_v1 view = new() { width = 2, height = 1, depth = 4, firstLayer = 1, lastLayer = 2 };
        CUDA_RESOURCE_VIEW_DESC_v1 integers = view;
        integers.format = CUresourceViewFormat.CU_RES_VIEW_FORMAT_UINT_1X32;
        CUDA_RESOURCE_VIEW_DESC_v1 wrong = view;
        wrong.format = CUresourceViewFormat.CU_RES_VIEW_FORMAT_UINT_1X8;

        Assert.Equal([10, 20, 20], stage.Run("layers", 3, stage.Texture(layers, Clamped(0), &view), 0f, 0f).Select(r => r.X));
        Assert.Equal(BitConverter.SingleToInt32Bits(10f), stage.Run<Int4>("integers", 1, stage.Texture(layers, Clamped(0), &integers), 0f, 0f, 0f)[0].X);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, stage.TryTexture(layers, Clamped(0), &wrong, out _));
    }

    [Fact]
    public void Surfaces_AreReadAndWritten_AndNothingOutside()
    {
        using var stage = new TextureStage(s_ptx.Value);
        int[] values = [.. Enumerable.Range(0, 32)];
        CUDA_RESOURCE_DESC_v1 from = stage.Array<int>(4, 2, 0, CUarray_format.CU_AD_FORMAT_SIGNED_INT32, 4, 2, values);
        CUDA_RESOURCE_DESC_v1 to = stage.Array<int>(4, 2, 0, CUarray_format.CU_AD_FORMAT_SIGNED_INT32, 4, 2, new int[32]);

        stage.Launch("shift", (5, 2, 1), stage.Surface(from), stage.Surface(to));

        int[] expected = [0, 0, 0, 0, .. values[..12], 0, 0, 0, 0, .. values[16..28]];
        for (int i = 0; i < 32; i += 4)
        {
            expected[i] += i % 16 == 0 ? 0 : 100;
        }

        Assert.Equal(expected, stage.Read<int>(to, 32));
    }

    [Fact]
    public void Surfaces_OfAllWidthsAndShapes_AreBytes()
    {
        using var stage = new TextureStage(s_ptx.Value);
        sbyte[] values = [.. Enumerable.Range(0, 32).Select(i => (sbyte)(i * 7 - 90))];
        CUDA_RESOURCE_DESC_v1 plane = stage.Array<sbyte>(16, 2, 0, CUarray_format.CU_AD_FORMAT_SIGNED_INT8, 1, 2, values);
        CUdeviceptr target = stage.Bench.Allocate(64);
        stage.Launch("bytes", (16, 1, 1), stage.Surface(plane), target.Value);
        byte[] raw = System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        for (int i = 0; i < 16; i++)
        {
            int expected = values[Math.Max(i - 2, 0)] + (BitConverter.ToInt16(raw, 16 + (i / 4 * 4)) * 3)
                + (BitConverter.ToInt16(raw, 18 + (i / 4 * 4)) * 5) + (BitConverter.ToInt32(raw, 20 + (i / 8 * 8)) * 7);
            Assert.Equal(expected, stage.Bench.Read<int>(target + (ulong)(i * 4)));
        }

        CUDA_RESOURCE_DESC_v1 volume = stage.Array<byte>(5, 3, 2, CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8, 1, 2, new byte[30]);
        stage.Launch("deep", (5, 3, 2), stage.Surface(volume));
        Assert.Equal(Enumerable.Range(0, 30).Select(i => (byte)((i % 5) + (10 * (i / 5 % 3)) + (50 * (i / 15)))), stage.Read<byte>(volume, 30));

        CUDA_RESOURCE_DESC_v1 layers = stage.Array<float>(2, 2, 2, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 3, [0, 0, 0, 0, 5, 6, 0, 0]);
        stage.Launch("layered", (2, 1, 1), stage.Surface(layers));
        Assert.Equal([0, 0, 10, 12, 5, 6, 0, 0], stage.Read<float>(layers, 8));
    }

    [Fact]
    public void Surface_WrittenOutsideWithTrap_FailsTheContext()
    {
        using var stage = new TextureStage(s_ptx.Value);
        CUDA_RESOURCE_DESC_v1 plane = stage.Array<int>(16, 2, 0, CUarray_format.CU_AD_FORMAT_SIGNED_INT32, 1, 2, new int[32]);

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, stage.TryLaunch("outside", (1, 1, 1), stage.Surface(plane)));
    }

    [Fact]
    public void Texture_OfNoOrOfFreedMemory_FailsTheContext()
    {
        using (var stage = new TextureStage(s_ptx.Value))
        {
            Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, stage.TryLaunch("line", (1, 1, 1), 12345ul, stage.Bench.Allocate(16).Value, 0f, 0f));
        }

        using (var stage = new TextureStage(s_ptx.Value))
        {
            CUDA_RESOURCE_DESC_v1 line = stage.Array<float>(1, 0, 0, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 0, [1]);
            ulong texture = stage.Texture(line, Clamped(0));
            Bench.Must(stage.Bench.Driver.cuArrayDestroy(line.res.array.hArray));

            Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, stage.TryLaunch("line", (1, 1, 1), texture, stage.Bench.Allocate(16).Value, 0f, 0f));
        }
    }

    private static CUDA_TEXTURE_DESC_v1 Clamped(CUfilter_mode filter) => new()
    {
        addressMode0 = CUaddress_mode.CU_TR_ADDRESS_MODE_CLAMP,
        addressMode1 = CUaddress_mode.CU_TR_ADDRESS_MODE_CLAMP,
        addressMode2 = CUaddress_mode.CU_TR_ADDRESS_MODE_CLAMP,
        filterMode = filter,
    };

    // Trilinear interpolation in double precision, of coordinates whose weights have few bits.
    private static double Reference(float[] texels, int width, int height, int depth, double x, double y, double z)
    {
        double sum = 0;
        for (int corner = 0; corner < 8; corner++)
        {
            (double wx, int ix) = Corner(x, corner & 1, width);
            (double wy, int iy) = Corner(y, (corner >> 1) & 1, height);
            (double wz, int iz) = Corner(z, corner >> 2, depth);
            sum += wx * wy * wz * texels[(((iz * height) + iy) * width) + ix];
        }

        return sum;
    }

    private static (double Weight, int Index) Corner(double coordinate, int next, int size)
    {
        double place = coordinate - 0.5;
        double floor = Math.Floor(place);
        return (next == 1 ? place - floor : 1 - (place - floor), (int)Math.Clamp(floor + next, 0, size - 1));
    }
}
