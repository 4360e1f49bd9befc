using System.Runtime.InteropServices;
using System.Text;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Lists of a module's functions and a library's kernels, through a server.</summary>
public sealed unsafe class EnumerationTests
{
    [Fact]
    public void EnumerateFunctions_OfAModule_GivesAllReadyForUse()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        CUmodule module = driver.Load(Kernels(600));
        CUfunction known = driver.Function(module, "kernel7");
        uint count;
        Cuda.Ok(driver.cuModuleGetFunctionCount(&count, module));
        Assert.Equal(600u, count);
        var functions = new CUfunction[600];
        long before = server.RoundTrips;
        fixed (CUfunction* first = functions)
        {
            Cuda.Ok(driver.cuModuleEnumerateFunctions(first, count, module));
        }

        Assert.Equal(3, server.RoundTrips - before);
        before = server.RoundTrips;
        var names = new HashSet<string>();
        foreach (CUfunction function in functions)
        {
            byte* name;
            int threads;
            nuint offset;
            nuint size;
            Cuda.Ok(driver.cuFuncGetName(&name, function));
            names.Add(Marshal.PtrToStringUTF8((nint)name)!);
            Cuda.Ok(driver.cuFuncGetAttribute(&threads, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function));
            Assert.Equal(1024, threads);
            Cuda.Ok(driver.cuFuncGetParamInfo(function, 1, &offset, &size));
            Assert.Equal((8, 4), ((int)offset, (int)size));
        }

        Assert.Equal(600, names.Count);
        Assert.Contains(known, functions);
        Assert.Equal(driver.Function(module, "kernel599"), functions.Single(function => NameOf(driver, function) == "kernel599"));
        Assert.Equal(before, server.RoundTrips);
        Assert.Equal(599u, Run(driver, functions.Single(function => NameOf(driver, function) == "kernel599")));
    }

    [Fact]
    public void EnumerateFunctions_WithLessRoom_GivesAsManyAsFit()
    {
        using var server = new SimulatedServer();
        CUmodule module = server.Driver.Load(Kernels(5));
        CUfunction* functions = stackalloc CUfunction[4];

        Cuda.Ok(server.Driver.cuModuleEnumerateFunctions(functions, 3, module));

        Assert.NotEqual(default, functions[2]);
        Assert.Equal(default, functions[3]);
    }

    [Fact]
    public void EnumerateKernels_OfALibrary_GivesKernelsThatLaunch()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        CUlibrary library;
        fixed (byte* code = Cuda.Text(Kernels(3)))
        {
            Cuda.Ok(driver.cuLibraryLoadData(&library, code, null, null, 0, null, null, 0));
        }

        uint count;
        CUkernel* kernels = stackalloc CUkernel[8];
        Cuda.Ok(driver.cuLibraryGetKernelCount(&count, library));
        Cuda.Ok(driver.cuLibraryEnumerateKernels(kernels, 8, library));

        Assert.Equal(3u, count);
        Assert.Equal(default, kernels[3]);
        Assert.Equal(0u + 1 + 2, Run(driver, new CUfunction(kernels[0].Value)) + Run(driver, new CUfunction(kernels[1].Value)) + Run(driver, new CUfunction(kernels[2].Value)));
        CUlibrary owner;
        Cuda.Ok(driver.cuKernelGetLibrary(&owner, kernels[1]));
        Assert.Equal(library, owner);
    }

    [Fact]
    public void Calls_WithBadArguments_GetWhatCudaAnswers()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        CUmodule module = driver.Load(Kernels(1));
        CUlibrary library;
        CUfunction function;
        CUkernel kernel;
        void* pointer;
        fixed (byte* code = Cuda.Text(Kernels(1)), name = Cuda.Text("kernel0"))
        {
            Cuda.Ok(driver.cuLibraryLoadData(&library, code, null, null, 0, null, null, 0));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuModuleEnumerateFunctions(null, 1, module));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuModuleEnumerateFunctions(&function, 0, module));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuModuleEnumerateFunctions(&function, 1, new CUmodule(library.Value)));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuLibraryEnumerateKernels(&kernel, 1, default));
            Assert.Equal(CUresult.CUDA_ERROR_NOT_FOUND, driver.cuLibraryGetUnifiedFunction(&pointer, library, name));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuLibraryGetUnifiedFunction(null, library, name));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuLibraryGetUnifiedFunction(&pointer, default, name));
        }

        Cuda.Ok(driver.cuModuleUnload(module));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuModuleEnumerateFunctions(&function, 1, module));
    }

    // kernelN(out, unused): *out = N.
    private static string Kernels(int count)
    {
        var text = new StringBuilder(".version 7.0\n.target sm_70\n.address_size 64\n");
        for (int index = 0; index < count; index++)
        {
            text.Append(
                $$"""
                .visible .entry kernel{{index}}(.param .u64 out, .param .u32 unused)
                {
                    .reg .b64 %rd<2>;
                    .reg .b32 %r<2>;
                    ld.param.u64 %rd1, [out];
                    mov.u32 %r1, {{index}};
                    st.global.u32 [%rd1], %r1;
                    ret;
                }

                """);
        }

        return text.ToString();
    }

    private static string? NameOf(CudaDriver driver, CUfunction function)
    {
        byte* name;
        Cuda.Ok(driver.cuFuncGetName(&name, function));
        return Marshal.PtrToStringUTF8((nint)name);
    }

    private static uint Run(CudaDriver driver, CUfunction function)
    {
        CUdeviceptr output = driver.Allocate(4);
        uint unused = 0;
        void** parameters = stackalloc void*[] { &output, &unused };
        Cuda.Ok(driver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
        return BitConverter.ToUInt32(driver.Read(output, 4));
    }
}
