using System.Runtime.InteropServices;
using System.Text;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class LinkerTests
{
    [Fact]
    public void Complete_OfTextsThatNeedEachOther_GivesAnImageThatRuns()
    {
        using var bench = new Bench();
        CUlinkState state = Create(bench);
        Bench.Must(Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Main));
        Bench.Must(Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Library));
        void* image;
        nuint size;

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuLinkComplete(state, &image, &size));

        byte* copy = Bench.Pin(new ReadOnlySpan<byte>(image, (int)size));
        Bench.Must(bench.Driver.cuLinkDestroy(state));
        Assert.Equal(LinkPtx.Result, Run(bench, copy));
    }

    [Fact]
    public void Complete_OfALinkedImageAndAnother_LinksOnce()
    {
        using var bench = new Bench();
        CUlinkState first = Create(bench);
        Bench.Must(Add(bench, first, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Library));
        void* library;
        nuint size;
        Bench.Must(bench.Driver.cuLinkComplete(first, &library, &size));
        CUlinkState second = Create(bench);
        Bench.Must(bench.Driver.cuLinkAddData_v2(
            second, CUjitInputType.CU_JIT_INPUT_CUBIN, library, size, Bench.Text("library"), 0, null, null));
        Bench.Must(Add(bench, second, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Main));
        void* image;

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuLinkComplete(second, &image, null));
        Assert.Equal(LinkPtx.Result, Run(bench, (byte*)image));
    }

    [Fact]
    public void AddData_OfEveryInputType_FindsThePtx()
    {
        byte[] fat = Bytes(new FatBinaryBuilder().Cubin(90).ZstdPtx(70, LinkPtx.Library).Build());
        byte[] host = HostObject.Build(fat);
        (CUjitInputType Type, byte[] Data)[] inputs =
        [
            (CUjitInputType.CU_JIT_INPUT_FATBINARY, fat),
            (CUjitInputType.CU_JIT_INPUT_OBJECT, host),
            (CUjitInputType.CU_JIT_INPUT_LIBRARY, HostObject.Archive(("unused.o", [1, 2, 3]), ("library.o", host))),
        ];
        foreach ((CUjitInputType type, byte[] data) in inputs)
        {
            using var bench = new Bench();
            CUlinkState state = Create(bench);
            Bench.Must(Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Main));
            void* image;

            Assert.Equal(CUDA_SUCCESS, bench.Driver.cuLinkAddData_v2(
                state, type, Bench.Pin(data), (nuint)data.Length, Bench.Text("library"), 0, null, null));

            Assert.Equal(CUDA_SUCCESS, bench.Driver.cuLinkComplete(state, &image, null));
            Assert.Equal(LinkPtx.Result, Run(bench, (byte*)image));
        }
    }

    [Fact]
    public void AddFile_OfALibrary_LinksOnlyTheMembersThatAreNeeded()
    {
        using var bench = new Bench();
        string other = LinkPtx.Library.Replace("scale", "unneeded", StringComparison.Ordinal).Replace(" factor", " unneeded_factor", StringComparison.Ordinal);
        string path = Path.GetTempFileName();
        void* image;
        CUmodule module;
        nuint bytes;
        try
        {
            File.WriteAllBytes(path, HostObject.Archive(
                ("other.o", HostObject.Build(Bytes(new FatBinaryBuilder().Ptx(70, other).Build()))),
                ("library.o", HostObject.Build(Bytes(new FatBinaryBuilder().Ptx(70, LinkPtx.Library).Build())))));
            CUlinkState state = Create(bench);
            Bench.Must(bench.Driver.cuLinkAddFile_v2(state, CUjitInputType.CU_JIT_INPUT_LIBRARY, Bench.Text(path), 0, null, null));
            Bench.Must(Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Main));
            Bench.Must(bench.Driver.cuLinkComplete(state, &image, null));
        }
        finally
        {
            File.Delete(path);
        }

        Bench.Must(bench.Driver.cuModuleLoadData(&module, image));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuModuleGetGlobal_v2(null, &bytes, module, Bench.Text("factor")));
        Assert.Equal(CUDA_ERROR_NOT_FOUND, bench.Driver.cuModuleGetGlobal_v2(null, &bytes, module, Bench.Text("unneeded_factor")));
    }

    [Fact]
    public void Complete_WithASymbolNobodyDefines_NamesItInTheErrorLog()
    {
        using var bench = new Bench();
        byte* log = (byte*)NativeMemory.AllocZeroed(512);
        CUjit_option* options = stackalloc CUjit_option[]
        {
            CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, CUjit_option.CU_JIT_WALL_TIME,
        };
        void** values = stackalloc void*[] { log, (void*)512, null };
        CUlinkState state;
        void* image;
        Bench.Must(bench.Driver.cuLinkCreate_v2(3, options, values, &state));
        Bench.Must(Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Main));

        Assert.Equal(CUDA_ERROR_NO_BINARY_FOR_GPU, bench.Driver.cuLinkComplete(state, &image, null));

        string text = Marshal.PtrToStringUTF8((nint)log)!;
        Assert.Contains("symbol scale, used in main, is not defined", text, StringComparison.Ordinal);
        Assert.Contains("symbol factor", text, StringComparison.Ordinal);
        Assert.Equal(text.Length, (int)values[1]);
        NativeMemory.Free(log);
    }

    [Fact]
    public void Complete_WithASymbolDefinedTwice_IsInvalidImage()
    {
        using var bench = new Bench();
        CUlinkState state = Create(bench);
        Bench.Must(Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Library, "one"));
        Bench.Must(Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Library, "two"));
        void* image;

        Assert.Equal(CUDA_ERROR_INVALID_IMAGE, bench.Driver.cuLinkComplete(state, &image, null));
        Assert.Contains("symbol scale is defined in one and again in two", Assert.Single(bench.Log), StringComparison.Ordinal);
    }

    [Fact]
    public void Complete_WithWeakAndCommonSymbols_TakesTheStrongAndTheLargest()
    {
        using var bench = new Bench();
        string weak = LinkPtx.Library.Replace(".visible", ".weak", StringComparison.Ordinal)
            .Replace("mad.lo.u32 %r3, %r1, 3, %r2", "mov.u32 %r3, 0", StringComparison.Ordinal);
        const string Small = TestPtx.Header + ".common .global .align 4 .b8 pool[16];\n";
        const string Large = TestPtx.Header + ".common .global .align 4 .b8 pool[400];\n";
        CUlinkState state = Create(bench);
        foreach (string text in (string[])[weak, Small, LinkPtx.Library, Large, weak, LinkPtx.Main])
        {
            Bench.Must(Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, text));
        }

        void* image;
        CUmodule module;
        nuint bytes;
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuLinkComplete(state, &image, null));
        Assert.Equal(LinkPtx.Result, Run(bench, (byte*)image));
        Bench.Must(bench.Driver.cuModuleLoadData(&module, image));
        Bench.Must(bench.Driver.cuModuleGetGlobal_v2(null, &bytes, module, Bench.Text("pool")));
        Assert.Equal((nuint)400, bytes);
    }

    [Fact]
    public void Add_OfWrongPtx_IsInvalidPtxThatNamesItsText()
    {
        using var bench = new Bench();
        CUlinkState state = Create(bench);

        Assert.Equal(CUDA_ERROR_INVALID_PTX, Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, TestPtx.Header + "nonsense\n", "broken"));
        Assert.Contains("broken, line 4", Assert.Single(bench.Log), StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_WithBadArguments_GetWhatCudaAnswers()
    {
        using var bench = new Bench();
        CUlinkState state = Create(bench);
        void* image;
        byte* text = Bench.Text(LinkPtx.Library);
        SimulatedDriver driver = bench.Driver;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuLinkCreate_v2(0, null, null, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuLinkComplete(state, &image, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuLinkComplete(state, null, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuLinkAddData_v2(state, CUjitInputType.CU_JIT_INPUT_PTX, null, 8, null, 0, null, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuLinkAddData_v2(state, CUjitInputType.CU_JIT_INPUT_PTX, text, 0, null, 0, null, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuLinkAddData_v2(state, (CUjitInputType)77, text, 8, null, 0, null, null));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, driver.cuLinkAddData_v2(state, CUjitInputType.CU_JIT_INPUT_NVVM, text, 8, null, 0, null, null));
        Assert.Equal(CUDA_ERROR_INVALID_IMAGE, driver.cuLinkAddData_v2(state, CUjitInputType.CU_JIT_INPUT_OBJECT, text, 8, null, 0, null, null));
        Assert.Equal(CUDA_ERROR_INVALID_IMAGE, driver.cuLinkAddData_v2(state, CUjitInputType.CU_JIT_INPUT_LIBRARY, text, 8, null, 0, null, null));
        Assert.Equal(CUDA_ERROR_FILE_NOT_FOUND, driver.cuLinkAddFile_v2(state, CUjitInputType.CU_JIT_INPUT_PTX, Bench.Text("/no/such"), 0, null, null));
        Bench.Must(Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Library));
        Bench.Must(driver.cuLinkComplete(state, &image, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Add(bench, state, CUjitInputType.CU_JIT_INPUT_PTX, LinkPtx.Main));
        Bench.Must(driver.cuLinkDestroy(state));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuLinkDestroy(state));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuLinkComplete(state, &image, null));
    }

    [Fact]
    public void Load_OfAWrapperWithParts_LinksThem()
    {
        using var bench = new Bench();
        byte** parts = (byte**)Bench.Pin(new byte[24]);
        parts[0] = new FatBinaryBuilder().Ptx(70, LinkPtx.Main).Build();
        parts[1] = new FatBinaryBuilder().ZstdPtx(70, LinkPtx.Library).Build();
        byte* wrapper = Bench.Pin(new byte[24]);
        *(uint*)wrapper = 0x466243B1;
        *(uint*)(wrapper + 4) = 2;
        *(byte**)(wrapper + 8) = new FatBinaryBuilder().Cubin(80).Build();
        *(byte***)(wrapper + 16) = parts;

        Assert.Equal(LinkPtx.Result, Run(bench, wrapper));
    }

    private static CUlinkState Create(Bench bench)
    {
        CUlinkState state;
        Bench.Must(bench.Driver.cuLinkCreate_v2(0, null, null, &state));
        return state;
    }

    private static CUresult Add(Bench bench, CUlinkState state, CUjitInputType type, string text, string name = "main")
    {
        byte* data = Bench.Text(text);
        return bench.Driver.cuLinkAddData_v2(state, type, data, (nuint)Encoding.UTF8.GetByteCount(text) + 1, Bench.Text(name), 0, null, null);
    }

    private static byte[] Bytes(byte* fatBinary) =>
        new ReadOnlySpan<byte>(fatBinary, (int)Images.FatBinary.Length(new ReadOnlySpan<byte>(fatBinary, 16))).ToArray();

    private static uint Run(Bench bench, byte* image)
    {
        CUmodule module;
        Bench.Must(bench.Driver.cuModuleLoadData(&module, image));
        CUfunction function = bench.GetFunction(module, "run");
        CUdeviceptr output = bench.Allocate(4);
        void** parameters = stackalloc void*[] { &output };
        Bench.Must(bench.Driver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
        return bench.Read<uint>(output);
    }
}
