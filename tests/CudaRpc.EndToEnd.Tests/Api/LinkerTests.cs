using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>The linker through a server: data, files, logs and the image, and what bad input gets.</summary>
public sealed unsafe class LinkerTests
{
    private const string Header = ".version 7.0\n.target sm_70\n.address_size 64\n";

    internal const string Main = Header + """
        .extern .func (.param .b32 r) twice (.param .b32 x);
        .visible .entry run(.param .u64 out, .param .u32 value)
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<3>;
            ld.param.u64 %rd1, [out];
            ld.param.u32 %r1, [value];
            {
                .param .b32 param0;
                .param .b32 retval0;
                st.param.b32 [param0], %r1;
                call.uni (retval0), twice, (param0);
                ld.param.b32 %r2, [retval0];
            }
            st.global.u32 [%rd1], %r2;
            ret;
        }

        """;

    internal const string Twice = Header + """
        .visible .func (.param .b32 r) twice (.param .b32 x)
        {
            .reg .b32 %r<3>;
            ld.param.b32 %r1, [x];
            add.u32 %r2, %r1, %r1;
            st.param.b32 [r], %r2;
            ret;
        }

        """;

    [Fact]
    public void Link_OfDataAndAFile_RunsAndGivesTheLogs()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        byte* log = (byte*)NativeMemory.AllocZeroed(300);
        CUjit_option* options = stackalloc CUjit_option[]
        {
            CUjit_option.CU_JIT_INFO_LOG_BUFFER, CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES, CUjit_option.CU_JIT_WALL_TIME,
            CUjit_option.CU_JIT_OPTIMIZATION_LEVEL,
        };
        void** values = stackalloc void*[] { log, (void*)300, null, (void*)3 };
        CUlinkState state;
        Cuda.Ok(driver.cuLinkCreate_v2(4, options, values, &state));
        AddText(driver, state, Main);
        string path = Path.GetTempFileName();
        File.WriteAllText(path, Twice);
        fixed (byte* name = Cuda.Text(path))
        {
            Cuda.Ok(driver.cuLinkAddFile_v2(state, CUjitInputType.CU_JIT_INPUT_PTX, name, 0, null, null));
        }

        File.Delete(path);
        void* image;
        nuint size;
        void* again;
        Cuda.Ok(driver.cuLinkComplete(state, &image, &size));
        Cuda.Ok(driver.cuLinkComplete(state, &again, null));

        Assert.Equal((nint)image, (nint)again);
        Assert.Equal("linked 1 kernels and 0 variables", Marshal.PtrToStringUTF8((nint)log));
        Assert.Equal(32, (int)values[1]);
        Assert.True(*(float*)&values[2] > 0);
        CUmodule module;
        Cuda.Ok(driver.cuModuleLoadData(&module, image));
        Cuda.Ok(driver.cuLinkDestroy(state));
        Assert.Equal(42u, Run(driver, module, 21));
        NativeMemory.Free(log);
    }

    [Fact]
    public void Link_ThatFails_FillsTheErrorLogAndCanGoOn()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        byte* log = (byte*)NativeMemory.AllocZeroed(300);
        CUjit_option* options = stackalloc CUjit_option[] { CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES };
        void** values = stackalloc void*[] { log, (void*)300 };
        CUlinkState state;
        void* image;
        Cuda.Ok(driver.cuLinkCreate_v2(2, options, values, &state));
        AddText(driver, state, Main);

        Assert.Equal(CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU, driver.cuLinkComplete(state, &image, null));

        string text = Marshal.PtrToStringUTF8((nint)log)!;
        Assert.Contains("twice", text, StringComparison.Ordinal);
        Assert.Equal(text.Length, (int)values[1]);
        AddText(driver, state, Twice);
        Cuda.Ok(driver.cuLinkComplete(state, &image, null));
        Cuda.Ok(driver.cuLinkDestroy(state));
        NativeMemory.Free(log);
    }

    [Fact]
    public void Calls_WithBadArguments_GetWhatCudaAnswers()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        CUlinkState state;
        void* image;
        byte value = 1;
        CUjit_option pointers = CUjit_option.CU_JIT_GLOBAL_SYMBOL_NAMES;
        void* names = &value;
        Cuda.Ok(driver.cuLinkCreate_v2(0, null, null, &state));

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuLinkCreate_v2(0, null, null, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuLinkCreate_v2(1, null, null, &state));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, driver.cuLinkCreate_v2(1, &pointers, &names, &state));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuLinkAddData_v2(state, CUjitInputType.CU_JIT_INPUT_PTX, null, 1, null, 0, null, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuLinkAddData_v2(state, CUjitInputType.CU_JIT_INPUT_PTX, &value, nuint.MaxValue, null, 0, null, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_PTX, driver.cuLinkAddData_v2(state, CUjitInputType.CU_JIT_INPUT_PTX, &value, 1, null, 0, null, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuLinkComplete(state, null, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuLinkComplete(state, &image, null));
        Cuda.Ok(driver.cuLinkDestroy(state));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuLinkDestroy(state));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuLinkComplete(state, &image, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuLinkAddData_v2(default, CUjitInputType.CU_JIT_INPUT_PTX, &value, 1, null, 0, null, null));
    }

    [Fact]
    public void Session_ThatEndsWithLinkers_LeavesNoneBehind()
    {
        using var server = new SimulatedServer();
        CUlinkState state;
        Cuda.Ok(server.Driver.cuLinkCreate_v2(0, null, null, &state));
        AddText(server.Driver, state, Twice);
        // Dispose waits until the server holds nothing.
    }

    private static void AddText(CudaDriver driver, CUlinkState state, string text)
    {
        fixed (byte* data = Cuda.Text(text))
        {
            Cuda.Ok(driver.cuLinkAddData_v2(state, CUjitInputType.CU_JIT_INPUT_PTX, data, (nuint)text.Length + 1, null, 0, null, null));
        }
    }

    internal static uint Run(CudaDriver driver, CUmodule module, uint value)
    {
        CUdeviceptr output = driver.Allocate(4);
        void** parameters = stackalloc void*[] { &output, &value };
        Cuda.Ok(driver.cuLaunchKernel(driver.Function(module, "run"), 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
        return BitConverter.ToUInt32(driver.Read(output, 4));
    }
}
