using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>Arguments no driver takes: a result at the call or the next synchronising one, and the session lives.</summary>
public sealed unsafe class ArgumentTests : IDisposable
{
    private readonly OwnFakeDriver _behind = new();
    private readonly CollectingLogger _log = new();
    private readonly TestServer _server;
    private readonly RemoteDriver _driver;
    private readonly CUfunction _function;

    public ArgumentTests()
    {
        _server = new TestServer(() => _behind);
        _driver = _server.Connect(log: _log);
        _driver.CreateContext();
        _function = _driver.Function(_driver.Load("// ptx"), "kernel");
    }

    public void Dispose()
    {
        Cuda.Ok(_driver.cuCtxSynchronize());
        _driver.Dispose();
        _server.BecomesIdle();
        _server.Dispose();
        Assert.DoesNotContain(_log.Entries, static entry => entry.Id == 100);
        _log.ExpectNoBugs();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(0xFFFF)]
    public void Copy_WithAHostAddressThatCannotBe_IsInvalidValueAtOnce(int host)
    {
        CUdeviceptr address = _driver.Allocate(16);

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyHtoD_v2(address, (void*)host, 16));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyDtoH_v2((void*)host, address, 16));
        Cuda.Ok(_driver.cuCtxSynchronize());
    }

    [Fact]
    public void LargeCopy_OfMemoryThatIsNotThere_CostsTheCallAndNotTheSession()
    {
        const int Bytes = 1 << 20;
        CUdeviceptr address = _driver.Allocate(Bytes);
        nint memory = mmap(0, 2 * Bytes, 3, 0x22, -1, 0);
        Assert.Equal(0, munmap(memory + (Bytes / 2), 2 * Bytes - (Bytes / 2)));

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyHtoD_v2(address, (void*)memory, Bytes));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyHtoDAsync_v2(address, (void*)memory, Bytes, default));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyDtoH_v2((void*)memory, address, Bytes));

        Cuda.Ok(_driver.cuMemcpyHtoD_v2(address, (void*)memory, Bytes / 2));
        Cuda.Ok(_driver.cuCtxSynchronize());
        Assert.Equal(0, munmap(memory, Bytes / 2));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(FakeDriver.LaunchBytes - 1)]
    [InlineData(40_000)]
    public void Launch_WithAnotherSizeInExtra_IsInvalidValue(int bytes) =>
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.Launch(_function, new byte[bytes]));

    [Fact]
    public void Launch_WithWrongPointers_IsInvalidValue()
    {
        byte* buffer = stackalloc byte[FakeDriver.LaunchBytes];
        nuint length = FakeDriver.LaunchBytes;
        nint* good = stackalloc nint[] { 1, (nint)buffer, 2, (nint)(&length), 0 };
        nint* noBuffer = stackalloc nint[] { 2, (nint)(&length), 0 };
        nint* noLength = stackalloc nint[] { 1, (nint)buffer, 2, 0, 0 };
        nint* unknown = stackalloc nint[] { 3, 0, 0 };
        void** missing = stackalloc void*[] { buffer, buffer, null, buffer };

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Launch(null, noBuffer));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Launch(null, noLength));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Launch(null, unknown));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Launch(null, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Launch(missing, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Launch(missing, good));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Launch(null, good, blockX: 0));
        Assert.Equal(CUresult.CUDA_SUCCESS, Launch(null, good));
    }

    [Fact]
    public void Allocation_OfMoreThanThereIs_IsOutOfMemory()
    {
        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, _driver.TryAllocate((nuint)FakeDriver.TotalBytes + 1));
        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, _driver.TryAllocate(nuint.MaxValue));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.TryAllocate(0));
        Assert.Equal(CUresult.CUDA_SUCCESS, _driver.TryAllocate(1));
    }

    [Fact]
    public void Copy_BeyondAnAllocation_IsInvalidValue()
    {
        CUdeviceptr address = _driver.Allocate(16);
        byte* host = stackalloc byte[32];

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyHtoD_v2(address, host, 17));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyHtoD_v2(address, host, (nuint)1 << 60));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyDtoH_v2(host, address, 17));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyDtoH_v2(host, address, (nuint)1 << 60));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyDtoH_v2(host, address, nuint.MaxValue));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpyDtoH_v2(null, address, 1));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemsetD8_v2(address, 1, nuint.MaxValue));
        Cuda.Ok(_driver.cuCtxSynchronize());
    }

    [Fact]
    public void Free_WithoutAContext_IsInvalidContext_AndCanBeDoneAgain()
    {
        CUcontext context = _driver.CurrentContext();
        CUdeviceptr address = _driver.Allocate(16);
        Cuda.Ok(_driver.cuCtxSetCurrent(default));

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, _driver.cuMemFree_v2(address));

        Cuda.Ok(_driver.cuCtxSetCurrent(context));
        Assert.Equal(16, _server.Server.Usage.MemoryBytes);
        Cuda.Ok(_driver.cuMemFree_v2(address));
        Condition.Becomes((0L, 0L), () => (_server.Server.Usage.MemoryBytes, _behind.MemoryBytes));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemFree_v2(address));
    }

    [Fact]
    public void Free_ThatTheDriverRefuses_KeepsTheMemoryOnTheBooks()
    {
        CUdeviceptr address = _driver.Allocate(16);
        _behind.Hook = static name => name == nameof(CudaDriver.cuMemFree_v2) ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;

        Cuda.Ok(_driver.cuMemFree_v2(address));

        var result = CUresult.CUDA_SUCCESS;
        Condition.Holds(() => (result = _driver.cuCtxSynchronize()) != CUresult.CUDA_SUCCESS, "the free's failure");
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, result);
        Assert.Equal(16, _server.Server.Usage.MemoryBytes);
    }

    [Fact]
    public void ArgumentsThatFitNoFrame_AreNotSupported()
    {
        const int Count = 100_000;
        fixed (CUstreamBatchMemOpParams_v1* operations = new CUstreamBatchMemOpParams_v1[Count])
        {
            Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, _driver.cuStreamBatchMemOp_v2(default, Count, operations, 0));
            Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, _driver.cuStreamBatchMemOp_v2(default, uint.MaxValue, operations, 0));
        }

        CUfunction function;
        fixed (byte* name = Cuda.Text(new string('n', 2 << 20)))
        {
            Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, _driver.cuModuleGetFunction(&function, _driver.Load("// ptx"), name));
        }

        fixed (CUlaunchAttribute* attributes = new CUlaunchAttribute[Count])
        {
            var config = new CUlaunchConfig
            {
                gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1, attrs = attributes, numAttrs = Count,
            };
            byte* buffer = stackalloc byte[FakeDriver.LaunchBytes];
            nuint length = FakeDriver.LaunchBytes;
            nint* extra = stackalloc nint[] { 1, (nint)buffer, 2, (nint)(&length), 0 };
            Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, _driver.cuLaunchKernelEx(&config, _function, null, (void**)extra));
        }
    }

    [Fact]
    public void ImageThatIsTooLarge_IsRefusedUnread()
    {
        // A fat binary's header that says 1.5 GiB follow. They do not, so reading them would be the end of this process.
        ulong* header = stackalloc ulong[] { 0x0010_0001_ba55_ed50, 3UL << 29 };
        CUmodule module;

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_IMAGE, _driver.cuModuleLoadData(&module, header));
    }

    [Fact]
    public void MissingFunction_IsNotFound()
    {
        CUfunction function;
        fixed (byte* name = Cuda.Text(FakeDriver.MissingFunction))
        {
            Assert.Equal(CUresult.CUDA_ERROR_NOT_FOUND, _driver.cuModuleGetFunction(&function, _driver.Load("// ptx"), name));
        }
    }

    private CUresult Launch(void** parameters, nint* extra, uint blockX = 1) =>
        _driver.cuLaunchKernel(_function, 1, 1, 1, blockX, 1, 1, 0, default, parameters, (void**)extra);

    [DllImport("libc")]
    private static extern nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc")]
    private static extern int munmap(nint address, nuint length);
}
