using CudaRpc.Driver;

namespace CudaRpc.Tests;

public abstract unsafe partial class SessionTests
{
    [Fact]
    public void PrimaryContext_NotRetained_MayBeCurrentAndIsTheOneRetained()
    {
        CudaDriver driver = _session.Driver;
        CUcontext handle, current, retained;
        CUdeviceptr address;
        uint flags;
        int active = -1;
        driver.ThrowIfFailed(driver.PrimaryContextHandle(&handle, 0));
        driver.ThrowIfFailed(driver.cuCtxSetCurrent(handle));
        driver.ThrowIfFailed(driver.cuCtxGetCurrent(&current));
        driver.ThrowIfFailed(driver.cuDevicePrimaryCtxGetState(0, &flags, &active));
        Assert.Equal((handle, 0), (current, active));
        Assert.NotEqual(CUresult.CUDA_SUCCESS, driver.cuMemAlloc_v2(&address, 16));

        driver.ThrowIfFailed(driver.cuDevicePrimaryCtxRetain(&retained, 0));
        Assert.Equal(handle, retained);
        driver.ThrowIfFailed(driver.cuMemAlloc_v2(&address, 16));
        driver.ThrowIfFailed(driver.cuDevicePrimaryCtxRelease_v2(0));
        driver.ThrowIfFailed(driver.cuCtxSetCurrent(default));
    }

    [Fact]
    public void PrimaryContext_Reset_LibraryIsLoadedIntoItAnew()
    {
        CudaDriver driver = _session.Driver;
        byte[] image = [.. File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "kernels", "saxpy.ptx")), 0];
        CUlibrary library;
        CUkernel kernel;
        fixed (byte* code = image)
        fixed (byte* name = "saxpy"u8)
        {
            driver.ThrowIfFailed(driver.cuLibraryLoadData(&library, code, null, null, 0, null, null, 0));
            driver.ThrowIfFailed(driver.cuLibraryGetKernel(&kernel, library, name));
        }
        (CUmodule Module, CUfunction Function) first = LoadIntoPrimaryAndReset(library, kernel);
        (CUmodule Module, CUfunction Function) second = LoadIntoPrimaryAndReset(library, kernel);
        Assert.NotEqual(first.Module, second.Module);
        Assert.NotEqual(first.Function, second.Function);
        driver.ThrowIfFailed(driver.cuLibraryUnload(library));
    }

    private (CUmodule Module, CUfunction Function) LoadIntoPrimaryAndReset(CUlibrary library, CUkernel kernel)
    {
        CudaDriver driver = _session.Driver;
        CUcontext context;
        CUmodule module;
        CUfunction function;
        driver.ThrowIfFailed(driver.cuDevicePrimaryCtxRetain(&context, 0));
        driver.ThrowIfFailed(driver.cuCtxSetCurrent(context));
        driver.ThrowIfFailed(driver.cuLibraryGetModule(&module, library));
        driver.ThrowIfFailed(driver.cuKernelGetFunction(&function, kernel));
        driver.ThrowIfFailed(driver.cuDevicePrimaryCtxReset_v2(0));
        driver.ThrowIfFailed(driver.cuCtxSetCurrent(default));
        // Reports the reset if it failed.
        driver.ThrowIfFailed(driver.cuDevicePrimaryCtxRetain(&context, 0));
        driver.ThrowIfFailed(driver.cuDevicePrimaryCtxRelease_v2(0));
        return (module, function);
    }
}
