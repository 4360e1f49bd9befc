namespace CudaRpc.Generator.Tests;

/// <summary>NVIDIA's cuda.h renames by macros before it declares, and undoes that for the old entry points at its end.</summary>
public sealed class RenamingHeaderTests
{
    private const string Header = """
        #include <stddef.h>
        #define CUDA_VERSION 12040
        #define cuMemAlloc cuMemAlloc_v2
        #define PASTE(name) name ## _v2
        typedef enum cudaError_enum { CUDA_SUCCESS = 0, CUDA_ERROR_NOT_SUPPORTED = 801 } CUresult;
        CUresult cuMemAlloc(size_t *bytes);
        CUresult PASTE(cuMemFree)(size_t bytes);
        #undef cuMemAlloc
        CUresult cuMemAlloc(unsigned int *bytes);
        """;

    [Fact]
    public void Generate_FunctionNamedByAMacro_IsInTheContract()
    {
        GeneratorRun run = new GeneratorRun(Header, "", "contract").Run();

        string contract = string.Concat(run.Files.Values);
        Assert.Empty(run.Diagnostics);
        Assert.Contains("cuMemAlloc_v2(nuint* bytes)", contract);
        Assert.Contains("cuMemFree_v2(nuint bytes)", contract);
        Assert.Contains("cuMemAlloc(uint* bytes)", contract);
    }
}
