using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class ModuleTests
{
    [Fact]
    public void Load_OfEveryImage_GivesTheSameFunctions()
    {
        using var bench = new Bench();
        byte*[] images =
        [
            Bench.Text(TestPtx.Module),
            new FatBinaryBuilder().Cubin(90).Ptx(70, TestPtx.Module).Build(),
            new FatBinaryBuilder().Lz4Ptx(70, TestPtx.Module).Build(),
            new FatBinaryBuilder().ZstdPtx(70, TestPtx.Module).BuildWrapped(),
        ];
        foreach (byte* image in images)
        {
            CUmodule module;
            uint count;
            CUfunction function;

            Assert.Equal(CUDA_SUCCESS, bench.Driver.cuModuleLoadData(&module, image));
            Bench.Must(bench.Driver.cuModuleGetFunctionCount(&count, module));
            Assert.Equal(9u, count);
            Assert.Equal(CUDA_SUCCESS, bench.Driver.cuModuleGetFunction(&function, module, Bench.Text("store")));
        }
    }

    [Fact]
    public void Load_OfAFile_ReadsIt()
    {
        using var bench = new Bench();
        CUmodule module;
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, TestPtx.Module);
            Assert.Equal(CUDA_SUCCESS, bench.Driver.cuModuleLoad(&module, Bench.Text(path)));
        }
        finally
        {
            File.Delete(path);
        }
        Assert.Equal(CUDA_ERROR_FILE_NOT_FOUND, bench.Driver.cuModuleLoad(&module, Bench.Text(path)));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuModuleLoad(&module, null));
    }

    [Fact]
    public void Load_OfWrongPtx_IsInvalidPtxAndFillsTheErrorLog()
    {
        using var bench = new Bench();
        byte* log = stackalloc byte[256];
        CUjit_option* options = stackalloc CUjit_option[]
        {
            CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
            CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES,
        };
        void** values = stackalloc void*[] { log, (void*)256, (void*)256 };
        CUmodule module;
        byte* image = Bench.Text(TestPtx.Header + ".visible .entry k()\n{\n    frobnicate.u32 %r1;\n    ret;\n}\n");

        Assert.Equal(CUDA_ERROR_INVALID_PTX, bench.Driver.cuModuleLoadDataEx(&module, image, 3, options, values));

        string text = Marshal.PtrToStringUTF8((nint)log)!;
        Assert.Contains("line 6", text, StringComparison.Ordinal);
        Assert.Contains("frobnicate", text, StringComparison.Ordinal);
        Assert.Equal(text.Length, (int)values[1]);
        Assert.Equal(0, (int)values[2]);
        Assert.Contains(text, Assert.Single(bench.Log), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WithAShortLogBuffer_CutsTheText()
    {
        using var bench = new Bench();
        byte* log = stackalloc byte[5];
        log[4] = 1;
        CUjit_option* options = stackalloc CUjit_option[]
        {
            CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
        };
        void** values = stackalloc void*[] { log, (void*)4 };
        CUmodule module;

        Assert.Equal(CUDA_ERROR_INVALID_IMAGE, bench.Driver.cuModuleLoadDataEx(&module, Bench.Text("nonsense"), 2, options, values));

        Assert.Equal(3, Marshal.PtrToStringUTF8((nint)log)!.Length);
        Assert.Equal(1, log[4]);
    }

    [Theory]
    [InlineData(".version 9.9\n.target sm_70\n.address_size 64\n", CUDA_ERROR_UNSUPPORTED_PTX_VERSION)]
    [InlineData(".version 8.6\n.target sm_100\n.address_size 64\n", CUDA_ERROR_INVALID_PTX)]
    [InlineData("\u007fELF", CUDA_ERROR_NO_BINARY_FOR_GPU)]
    [InlineData("nonsense", CUDA_ERROR_INVALID_IMAGE)]
    public void Load_OfWhatTheDeviceCannotRun_SaysWhy(string image, CUresult expected)
    {
        using var bench = new Bench();
        CUmodule module;

        Assert.Equal(expected, bench.Driver.cuModuleLoadData(&module, Bench.Text(image)));
        Assert.Single(bench.Log);
    }

    [Fact]
    public void Load_BadArguments_HaveTheirResults()
    {
        using var bench = new Bench();
        CUmodule module;
        CUjit_option unknown = CUjit_option.CU_JIT_NUM_OPTIONS, symbols = CUjit_option.CU_JIT_GLOBAL_SYMBOL_COUNT;
        void* value = null;
        byte* image = Bench.Text(TestPtx.Module);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuModuleLoadData(&module, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuModuleLoadData(null, image));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuModuleLoadDataEx(&module, image, 1, null, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuModuleLoadDataEx(&module, image, 1, &unknown, &value));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuModuleLoadDataEx(&module, image, 1, &symbols, &value));
    }

    [Fact]
    public void Global_HasAddressSizeAndInitialValue()
    {
        using var bench = new Bench();
        CUmodule module = bench.LoadModule(TestPtx.Module);
        CUdeviceptr counter, table;
        nuint counterSize, tableSize;

        Bench.Must(bench.Driver.cuModuleGetGlobal_v2(&counter, &counterSize, module, Bench.Text("counter")));
        Bench.Must(bench.Driver.cuModuleGetGlobal_v2(&table, null, module, Bench.Text("table")));
        Bench.Must(bench.Driver.cuModuleGetGlobal_v2(null, &tableSize, module, Bench.Text("table")));

        Assert.Equal((4, 1024), ((int)counterSize, (int)tableSize));
        Assert.Equal(7, bench.Read<int>(counter));
        bench.Write(table + 1016ul, 5L);
        Assert.Equal(CUDA_ERROR_NOT_FOUND, bench.Driver.cuModuleGetGlobal_v2(&table, null, module, Bench.Text("store")));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuModuleGetGlobal_v2(&table, null, module, null));
    }

    [Fact]
    public void GetFunction_BadArguments_HaveTheirResults()
    {
        using var bench = new Bench();
        CUmodule module = bench.LoadModule(TestPtx.Module);
        CUfunction function;

        Assert.Equal(CUDA_ERROR_NOT_FOUND, bench.Driver.cuModuleGetFunction(&function, module, Bench.Text("absent")));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuModuleGetFunction(&function, module, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuModuleGetFunction(null, module, Bench.Text("store")));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuModuleGetFunction(&function, default, Bench.Text("store")));
    }

    [Fact]
    public void Enumerate_GivesEveryFunctionOnce()
    {
        using var bench = new Bench();
        CUmodule module = bench.LoadModule(TestPtx.Module);
        CUfunction* functions = stackalloc CUfunction[9];
        CUfunction store = bench.GetFunction(module, "store");

        Bench.Must(bench.Driver.cuModuleEnumerateFunctions(functions, 9, module));

        var found = new ReadOnlySpan<CUfunction>(functions, 9).ToArray();
        Assert.Equal(9, found.Distinct().Count());
        Assert.Contains(store, found);
    }

    [Fact]
    public void Unload_FreesVariablesAndFunctions()
    {
        using var bench = new Bench();
        int handles = bench.Driver.HandleCount;
        CUmodule module = bench.LoadModule(TestPtx.Module);
        CUfunction function = bench.GetFunction(module, "nothing");

        Bench.Must(bench.Driver.cuModuleUnload(module));

        Assert.Equal(0ul, bench.Used);
        Assert.Equal(handles, bench.Driver.HandleCount);
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuModuleUnload(module));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Launch(function));
    }

    [Fact]
    public void Load_WithVariablesThatDoNotFit_IsOutOfMemoryAndLeavesNothing()
    {
        using var bench = new Bench(memoryBytes: 1 << 20);
        int handles = bench.Driver.HandleCount;
        CUmodule module;
        byte* image = Bench.Text(TestPtx.Header + ".visible .global .b8 small[1000];\n.visible .global .b8 large[2000000];\n");

        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuModuleLoadData(&module, image));

        Assert.Equal(0ul, bench.Used);
        Assert.Equal(handles, bench.Driver.HandleCount);
    }

    [Fact]
    public void LoadingMode_IsLazy()
    {
        using var bench = new Bench(withContext: false);
        CUmoduleLoadingMode mode;

        Bench.Must(bench.Driver.cuModuleGetLoadingMode(&mode));

        Assert.Equal(CUmoduleLoadingMode.CU_MODULE_LAZY_LOADING, mode);
    }
}
