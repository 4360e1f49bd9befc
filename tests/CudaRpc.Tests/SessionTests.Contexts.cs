using CudaRpc.Driver;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.Tests;

// What a context's end or failure leaves alone, in the raw API: the same through a server as in one process.
public abstract unsafe partial class SessionTests
{
    private const string Faulting = """
        .version 8.0
        .target sm_70
        .address_size 64
        .visible .entry fault()
        {
            .reg .b64 %rd<2>;
            mov.u64 %rd1, 64;
            st.global.u32 [%rd1], 1;
            ret;
        }
        """;

    private CudaDriver Raw => _session.Driver;

    [Fact]
    public void PrimaryContext_ReleasedWhileCurrent_IsRetainedAgain()
    {
        CUcontext first, second;
        CUdeviceptr memory;
        Assert.Equal(CUDA_SUCCESS, Raw.cuDevicePrimaryCtxRetain(&first, 0));
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxSetCurrent(first));
        Assert.Equal(CUDA_SUCCESS, Raw.cuMemAlloc_v2(&memory, 1024));
        Assert.Equal(CUDA_SUCCESS, Raw.cuDevicePrimaryCtxRelease_v2(0));

        Assert.Equal(CUDA_SUCCESS, Raw.cuDevicePrimaryCtxRetain(&second, 0));
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxSetCurrent(second));
        Assert.Equal(CUDA_SUCCESS, Raw.cuMemAlloc_v2(&memory, 1024));
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxSynchronize());
    }

    [Fact]
    public void PrimaryContext_FaultedAndReset_WorksAgain()
    {
        CUcontext context;
        Assert.Equal(CUDA_SUCCESS, Raw.cuDevicePrimaryCtxRetain(&context, 0));
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxSetCurrent(context));
        Fault();
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Raw.cuCtxSynchronize());

        Assert.Equal(CUDA_SUCCESS, Raw.cuDevicePrimaryCtxReset_v2(0));
        Assert.Equal(CUDA_SUCCESS, Raw.cuDevicePrimaryCtxRetain(&context, 0));
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxSetCurrent(context));
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxSynchronize());
    }

    [Fact]
    public void Context_EndedWhileCurrent_AnotherCanBeMade()
    {
        CUcontext ended, next;
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxCreate_v2(&ended, 0, 0));
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxPushCurrent_v2(ended));
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxDestroy_v2(ended));

        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxCreate_v2(&next, 0, 0));
        Assert.Equal(CUDA_SUCCESS, Raw.cuCtxSynchronize());
    }

    [Fact]
    public void Context_Faulted_OthersAreUntouched()
    {
        using (CudaContext faulty = _session.Devices[0].CreateContext())
        {
            using CudaModule module = faulty.LoadModule(Faulting);
            module.GetKernel("fault").Launch(new LaunchConfiguration(1, 1));
            Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Assert.Throws<CudaException>(faulty.Synchronize).Result);
        }

        _context.Synchronize();
        using DeviceMemory<int> memory = _context.Allocate([1, 2, 3]);
        Assert.Equal([1, 2, 3], memory.ToArray());
    }

    [Theory]
    [InlineData(2048u, 1u, 1u, 1u, 0u)]
    [InlineData(1u, 1u, 65u, 1u, 0u)]
    [InlineData(1u, 1u, 1u, 70_000u, 0u)]
    [InlineData(1u, 1u, 1u, 1u, 1u << 30)]
    public void Launch_ShapeBeyondTheDevice_RefusedAtTheCall(uint blockX, uint blockY, uint blockZ, uint gridY, uint shared)
    {
        using CudaModule module = _context.LoadModule(Faulting);
        _context.Synchronize();
        CUresult result = Raw.cuLaunchKernel(module.GetKernel("fault").Handle, 1, gridY, 1, blockX, blockY, blockZ, shared, default, null, null);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, result);
        _context.Synchronize();
    }

    [Fact]
    public void Copy_BeyondItsAllocation_RefusedAtTheCall()
    {
        using DeviceMemory<int> memory = _context.Allocate([1, 2, 3]);
        int host = 0;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Raw.cuMemcpyHtoD_v2(memory.Address, &host, 1u << 20));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Raw.cuMemcpyHtoD_v2(memory.Address, &host, (nuint)1 << 60));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Raw.cuMemcpyDtoH_v2(&host, memory.Address, (nuint)1 << 60));
        Assert.Equal([1, 2, 3], memory.ToArray());
    }

    [Fact]
    public void LoadModule_BrokenCubin_IsRefused()
    {
        byte[] image = new byte[64];
        "\u007fELF"u8.CopyTo(image);
        CUmodule module;
        _context.Synchronize();
        fixed (byte* start = image)
        {
            // Not for a GPU at all, or none that this one runs: both are refusals, not bugs.
            Assert.Contains(Raw.cuModuleLoadData(&module, start), new[] { CUDA_ERROR_INVALID_IMAGE, CUDA_ERROR_NO_BINARY_FOR_GPU });
        }
    }

    private void Fault()
    {
        CUmodule module;
        CUfunction function;
        fixed (byte* image = System.Text.Encoding.UTF8.GetBytes(Faulting + '\0'))
        fixed (byte* name = "fault\0"u8)
        {
            Assert.Equal(CUDA_SUCCESS, Raw.cuModuleLoadData(&module, image));
            Assert.Equal(CUDA_SUCCESS, Raw.cuModuleGetFunction(&function, module, name));
        }

        Assert.Equal(CUDA_SUCCESS, Raw.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, default, null, null));
    }
}
