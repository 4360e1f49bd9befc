using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class InitializationTests
{
    [Fact]
    public void Calls_BeforeInit_AreNotInitialized()
    {
        using var gpu = new SimulatedGpu();
        using var driver = new SimulatedDriver(gpu);
        int number;
        CUcontext context;
        CUdeviceptr address;

        Assert.Equal(CUDA_ERROR_NOT_INITIALIZED, driver.cuDeviceGetCount(&number));
        Assert.Equal(CUDA_ERROR_NOT_INITIALIZED, driver.cuCtxGetCurrent(&context));
        Assert.Equal(CUDA_ERROR_NOT_INITIALIZED, driver.cuCtxCreate_v2(&context, 0, 0));
        Assert.Equal(CUDA_ERROR_NOT_INITIALIZED, driver.cuMemAlloc_v2(&address, 1));
        Assert.Equal(CUDA_ERROR_NOT_INITIALIZED, driver.cuStreamSynchronize(default));
        Assert.Equal(CUDA_ERROR_NOT_INITIALIZED, driver.cuEventQuery(default));
        Assert.Equal(CUDA_ERROR_NOT_INITIALIZED, driver.cuLibraryUnload(default));
    }

    [Fact]
    public void Init_WithFlags_IsInvalid()
    {
        using var gpu = new SimulatedGpu();
        using var driver = new SimulatedDriver(gpu);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuInit(1));
    }

    [Fact]
    public void DriverGetVersion_BeforeInit_IsThatOfTheHeader()
    {
        using var gpu = new SimulatedGpu();
        using var driver = new SimulatedDriver(gpu);
        int version;

        Assert.Equal(CUDA_SUCCESS, driver.cuDriverGetVersion(&version));
        Assert.Equal(13000, version);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuDriverGetVersion(null));
    }

    [Fact]
    public void ErrorTexts_OfEveryResult_AreThere()
    {
        foreach (CUresult result in Enum.GetValues<CUresult>())
        {
            Assert.Equal(result.ToString(), CudaErrors.Name(result));
            Assert.False(string.IsNullOrWhiteSpace(CudaErrors.Description(result)));
        }
    }

    [Fact]
    public void ErrorTexts_AreNulTerminated()
    {
        byte* name;
        byte* description;
        using var bench = new Bench(withContext: false);

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuGetErrorName(CUDA_ERROR_NOT_FOUND, &name));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuGetErrorString(CUDA_ERROR_NOT_FOUND, &description));
        Assert.Equal("CUDA_ERROR_NOT_FOUND", Marshal.PtrToStringUTF8((nint)name));
        Assert.Equal(CudaErrors.Description(CUDA_ERROR_NOT_FOUND), Marshal.PtrToStringUTF8((nint)description));
    }

    [Fact]
    public void ErrorName_OfUnknownResult_IsNullAndInvalid()
    {
        byte* name = (byte*)1;
        using var bench = new Bench(withContext: false);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGetErrorName((CUresult)12345, &name));
        Assert.True(name == null);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGetErrorString(CUDA_SUCCESS, null));
    }

    [Fact]
    public void Function_NotImplemented_IsNotSupported()
    {
        CUexternalMemory memory;
        using var bench = new Bench();

        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuImportExternalMemory(&memory, null));
    }
}
