using CudaRpc.Simulator.Tests.Ptx;
using CudaRpc.Simulator.Tests.Ptx.Compiled;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class TexRefTests
{
    private const string Texture = ".visible .global .texref image;\n.visible .global .surfref canvas;\n.visible .global .u32 number;";

    private static readonly string s_ptx = PtxBench.Kernel(".param .u64 out", """
        ld.param.u64 %rd1, [out];
        mov.f32 %f5, 0f3F000000;
        tex.1d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [image, {%f5}];
        st.global.f32 [%rd1], %f1;
        mov.u32 %r1, 0;
        suld.b.2d.b32.trap {%r2}, [canvas, {%r1, %r1}];
        add.u32 %r2, %r2, 1;
        sust.b.2d.b32.trap [canvas, {%r1, %r1}], {%r2};
        """, Texture);

    [Fact]
    public void References_OfAModule_AreWhatItsKernelsUse()
    {
        using var stage = new TextureStage(s_ptx);
        CUtexref image = TexRef(stage), again = TexRef(stage);
        CUsurfref canvas;
        Bench.Must(stage.Bench.Driver.cuModuleGetSurfRef(&canvas, stage.Module, Bench.Text("canvas")));
        CUarray line = stage.Array<float>(2, 0, 0, CUarray_format.CU_AD_FORMAT_FLOAT, 1, 0, [3, 5]).res.array.hArray;
        CUDA_RESOURCE_DESC_v1 plane = stage.Array<int>(1, 1, 0, CUarray_format.CU_AD_FORMAT_SIGNED_INT32, 1, 2, [41]);
        Bench.Must(stage.Bench.Driver.cuTexRefSetArray(image, line, 1));
        Bench.Must(stage.Bench.Driver.cuSurfRefSetArray(canvas, plane.res.array.hArray, 0));
        CUdeviceptr target = stage.Bench.Allocate(4);

        stage.Launch("k", (1, 1, 1), target.Value);

        Assert.Equal(3f, stage.Bench.Read<float>(target));
        Assert.Equal([42], stage.Read<int>(plane, 1));
        Assert.Equal(image, again);

        // Filtering and normalised coordinates are seen by what starts from now on: half of the line is between its texels.
        Bench.Must(stage.Bench.Driver.cuTexRefSetFilterMode(image, CUfilter_mode.CU_TR_FILTER_MODE_LINEAR));
        Bench.Must(stage.Bench.Driver.cuTexRefSetFlags(image, 2));
        stage.Launch("k", (1, 1, 1), target.Value);
        Assert.Equal(4f, stage.Bench.Read<float>(target));
    }

    [Fact]
    public void Reference_BoundToMemory_ReadsIt()
    {
        using var stage = new TextureStage(s_ptx);
        CUtexref image = TexRef(stage);
        CUsurfref canvas;
        Bench.Must(stage.Bench.Driver.cuModuleGetSurfRef(&canvas, stage.Module, Bench.Text("canvas")));
        CUDA_RESOURCE_DESC_v1 plane = stage.Array<int>(1, 1, 0, CUarray_format.CU_AD_FORMAT_SIGNED_INT32, 1, 2, [0]);
        Bench.Must(stage.Bench.Driver.cuSurfRefSetArray(canvas, plane.res.array.hArray, 0));
        CUdeviceptr memory = stage.Allocate<float>([7, 8, 9, 10]), bound, target = stage.Bench.Allocate(4);
        nuint offset;

        Bench.Must(stage.Bench.Driver.cuTexRefSetAddress_v2(&offset, image, memory + 4ul, 8));
        Assert.Equal((nuint)4, offset);
        Bench.Must(stage.Bench.Driver.cuTexRefGetAddress_v2(&bound, image));
        Assert.Equal(memory, bound);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, stage.Bench.Driver.cuTexRefSetAddress_v2(null, image, memory + 4ul, 8));

        stage.Launch("k", (1, 1, 1), target.Value);
        Assert.Equal(7f, stage.Bench.Read<float>(target));
    }

    [Fact]
    public void Reference_BoundToNothing_FailsTheContext()
    {
        using var stage = new TextureStage(s_ptx);

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, stage.TryLaunch("k", (1, 1, 1), stage.Bench.Allocate(4).Value));
    }

    [Fact]
    public void References_AreFoundByTheirKindOnly()
    {
        using var stage = new TextureStage(s_ptx);
        CUtexref texture;
        CUsurfref surface;
        CUdeviceptr variable;
        nuint bytes;

        Assert.Equal(CUDA_ERROR_NOT_FOUND, stage.Bench.Driver.cuModuleGetTexRef(&texture, stage.Module, Bench.Text("canvas")));
        Assert.Equal(CUDA_ERROR_NOT_FOUND, stage.Bench.Driver.cuModuleGetSurfRef(&surface, stage.Module, Bench.Text("number")));
        Assert.Equal(CUDA_ERROR_NOT_FOUND, stage.Bench.Driver.cuModuleGetGlobal_v2(&variable, &bytes, stage.Module, Bench.Text("image")));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, stage.Bench.Driver.cuModuleGetTexRef(&texture, stage.Module, null));
    }

    [Fact]
    public void Reference_OfAModule_EndsWithIt()
    {
        using var stage = new TextureStage(s_ptx);
        CUtexref image = TexRef(stage);
        uint flags;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, stage.Bench.Driver.cuTexRefDestroy(image));

        Bench.Must(stage.Bench.Driver.cuModuleUnload(stage.Module));

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, stage.Bench.Driver.cuTexRefGetFlags(&flags, image));
    }

    [Fact]
    public void Settings_AreGivenBackAsTheyWereSet()
    {
        using var bench = new Bench();
        SimulatedDriver driver = bench.Driver;
        CUtexref reference;
        Bench.Must(driver.cuTexRefCreate(&reference));
        float* color = stackalloc float[] { 1, 2, 3, 4 };
        float* back = stackalloc float[4];
        CUarray_format format;
        int channels, anisotropy;
        CUaddress_mode mode;
        CUfilter_mode filter, mipmapFilter;
        float bias, least, most;
        uint flags;
        CUarray array;
        Bench.Must(driver.cuTexRefSetFormat(reference, CUarray_format.CU_AD_FORMAT_SIGNED_INT16, 2));
        Bench.Must(driver.cuTexRefSetAddressMode(reference, 1, CUaddress_mode.CU_TR_ADDRESS_MODE_MIRROR));
        Bench.Must(driver.cuTexRefSetFilterMode(reference, CUfilter_mode.CU_TR_FILTER_MODE_LINEAR));
        Bench.Must(driver.cuTexRefSetMipmapFilterMode(reference, CUfilter_mode.CU_TR_FILTER_MODE_LINEAR));
        Bench.Must(driver.cuTexRefSetMipmapLevelBias(reference, 0.5f));
        Bench.Must(driver.cuTexRefSetMipmapLevelClamp(reference, 1, 3));
        Bench.Must(driver.cuTexRefSetMaxAnisotropy(reference, 8));
        Bench.Must(driver.cuTexRefSetBorderColor(reference, color));
        Bench.Must(driver.cuTexRefSetFlags(reference, 3));

        Bench.Must(driver.cuTexRefGetFormat(&format, &channels, reference));
        Bench.Must(driver.cuTexRefGetAddressMode(&mode, reference, 1));
        Bench.Must(driver.cuTexRefGetFilterMode(&filter, reference));
        Bench.Must(driver.cuTexRefGetMipmapFilterMode(&mipmapFilter, reference));
        Bench.Must(driver.cuTexRefGetMipmapLevelBias(&bias, reference));
        Bench.Must(driver.cuTexRefGetMipmapLevelClamp(&least, &most, reference));
        Bench.Must(driver.cuTexRefGetMaxAnisotropy(&anisotropy, reference));
        Bench.Must(driver.cuTexRefGetBorderColor(back, reference));
        Bench.Must(driver.cuTexRefGetFlags(&flags, reference));

        Assert.Equal((CUarray_format.CU_AD_FORMAT_SIGNED_INT16, 2, CUaddress_mode.CU_TR_ADDRESS_MODE_MIRROR), (format, channels, mode));
        Assert.Equal((CUfilter_mode.CU_TR_FILTER_MODE_LINEAR, CUfilter_mode.CU_TR_FILTER_MODE_LINEAR), (filter, mipmapFilter));
        Assert.Equal((0.5f, 1f, 3f, 8, 3u), (bias, least, most, anisotropy, flags));
        Assert.Equal([1, 2, 3, 4], new ReadOnlySpan<float>(back, 4).ToArray());
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuTexRefGetArray(&array, reference));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuTexRefSetFormat(reference, CUarray_format.CU_AD_FORMAT_FLOAT, 3));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuTexRefSetAddressMode(reference, 3, CUaddress_mode.CU_TR_ADDRESS_MODE_MIRROR));
        Assert.Equal(CUDA_SUCCESS, driver.cuTexRefDestroy(reference));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuTexRefDestroy(reference));
    }

    private static CUtexref TexRef(TextureStage stage)
    {
        CUtexref reference;
        Bench.Must(stage.Bench.Driver.cuModuleGetTexRef(&reference, stage.Module, Bench.Text("image")));
        return reference;
    }
}
