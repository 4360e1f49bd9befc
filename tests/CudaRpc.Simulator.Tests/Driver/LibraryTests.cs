namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class LibraryTests
{
    [Fact]
    public void Load_NeedsNoContext()
    {
        using var bench = new Bench(withContext: false);
        CUlibrary library = Load(bench);
        CUkernel kernel = GetKernel(bench, library, "store");
        uint count;
        CUlibrary owner;
        CUfunction function;

        Bench.Must(bench.Driver.cuLibraryGetKernelCount(&count, library));
        Bench.Must(bench.Driver.cuKernelGetLibrary(&owner, kernel));

        Assert.Equal(9u, count);
        Assert.Equal(library, owner);
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuKernelGetFunction(&function, kernel));
    }

    [Fact]
    public void Kernel_InPlaceOfAFunction_RunsInTheCurrentContext()
    {
        using var bench = new Bench();
        CUlibrary library = Load(bench);
        var bump = new CUfunction(GetKernel(bench, library, "bump").Value);

        Bench.Must(bench.Launch(bump));
        CUcontext second = bench.NewContext();
        Bench.Must(bench.Launch(bump));
        Bench.Must(bench.Launch(bump));

        // Each context has variables of its own.
        Assert.Equal(9, Counter(bench, library));
        Bench.Must(bench.Driver.cuCtxDestroy_v2(second));
        Assert.Equal(8, Counter(bench, library));
    }

    [Fact]
    public void KernelGetFunction_IsTheFunctionOfTheLibrarysModule()
    {
        using var bench = new Bench();
        CUlibrary library = Load(bench);
        CUkernel kernel = GetKernel(bench, library, "nothing");
        CUfunction function, sameFunction;
        CUmodule module, functionsModule;

        Bench.Must(bench.Driver.cuKernelGetFunction(&function, kernel));
        Bench.Must(bench.Driver.cuLibraryGetModule(&module, library));
        Bench.Must(bench.Driver.cuFuncGetModule(&functionsModule, function));
        Bench.Must(bench.Driver.cuModuleGetFunction(&sameFunction, module, Bench.Text("nothing")));

        Assert.Equal(module, functionsModule);
        Assert.Equal(function, sameFunction);
        Assert.Equal(CUDA_ERROR_NOT_PERMITTED, bench.Driver.cuModuleUnload(module));
    }

    [Fact]
    public void KernelAttribute_IsThatOfItsFunctions()
    {
        using var bench = new Bench();
        CUkernel kernel = GetKernel(bench, Load(bench), "nothing");
        CUfunction function;
        int value;
        const CUfunction_attribute Dynamic = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        Bench.Must(bench.Driver.cuKernelGetFunction(&function, kernel));

        Bench.Must(bench.Driver.cuKernelSetAttribute(Dynamic, 100_000, kernel, 0));
        Bench.Must(bench.Driver.cuFuncGetAttribute(&value, Dynamic, function));
        Assert.Equal(100_000, value);
        Bench.Must(bench.Driver.cuKernelGetAttribute(&value, Dynamic, kernel, 0));

        Assert.Equal(100_000, value);
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuKernelGetAttribute(&value, Dynamic, kernel, 1));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuKernelGetAttribute(&value, Dynamic, default, 0));
    }

    [Fact]
    public void Unload_TakesTheModulesOfAllContexts()
    {
        using var bench = new Bench();
        int handles = bench.Driver.HandleCount;
        CUlibrary library = Load(bench);
        CUkernel kernel = GetKernel(bench, library, "nothing");
        Counter(bench, library);
        bench.NewContext();
        Counter(bench, library);
        Assert.NotEqual(0ul, bench.Used);

        Bench.Must(bench.Driver.cuLibraryUnload(library));

        Assert.Equal(0ul, bench.Used);
        Assert.Equal(handles + 1, bench.Driver.HandleCount);
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuLibraryUnload(library));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Launch(new CUfunction(kernel.Value)));
    }

    [Fact]
    public void Enumerate_GivesAsManyAsAskedFor()
    {
        using var bench = new Bench();
        CUlibrary library = Load(bench);
        CUkernel* kernels = stackalloc CUkernel[9];

        Bench.Must(bench.Driver.cuLibraryEnumerateKernels(kernels, 4, library));

        Assert.Equal(default, kernels[4]);
        Assert.Equal(4, new ReadOnlySpan<CUkernel>(kernels, 4).ToArray().Distinct().Count());
    }

    [Fact]
    public void Options_ThatMeanNothingHere_AreAccepted()
    {
        using var bench = new Bench();
        CUlibrary library;
        byte* image = Bench.Text(TestPtx.Module);
        CUlibraryOption preserved = CUlibraryOption.CU_LIBRARY_BINARY_IS_PRESERVED;
        CUlibraryOption table = CUlibraryOption.CU_LIBRARY_HOST_UNIVERSAL_FUNCTION_AND_DATA_TABLE;
        var garbage = (CUjit_option*)0x10;

        // With no options the pointers are garbage, and cudart passes such.
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuLibraryLoadData(&library, image, garbage, (void**)garbage, 0, &preserved, null, 1));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuLibraryLoadData(&library, image, null, null, 0, &table, null, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLibraryLoadData(&library, image, null, null, 0, null, null, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLibraryLoadData(null, image, null, null, 0, null, null, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLibraryLoadData(&library, null, null, null, 0, null, null, 0));
        byte* nowhere = Bench.Text("/nowhere/at/all");
        Assert.Equal(CUDA_ERROR_FILE_NOT_FOUND, bench.Driver.cuLibraryLoadFromFile(&library, nowhere, null, null, 0, null, null, 0));
    }

    private static CUlibrary Load(Bench bench)
    {
        CUlibrary library;
        Bench.Must(bench.Driver.cuLibraryLoadData(&library, Bench.Text(TestPtx.Module), null, null, 0, null, null, 0));
        return library;
    }

    private static CUkernel GetKernel(Bench bench, CUlibrary library, string name)
    {
        CUkernel kernel;
        Bench.Must(bench.Driver.cuLibraryGetKernel(&kernel, library, Bench.Text(name)));
        return kernel;
    }

    private static int Counter(Bench bench, CUlibrary library)
    {
        CUdeviceptr address;
        Bench.Must(bench.Driver.cuLibraryGetGlobal(&address, null, library, Bench.Text("counter")));
        return bench.Read<int>(address);
    }
}
