using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A session that ends gives back everything, and nothing of anybody else's.</summary>
public sealed unsafe class SessionEndTests
{
    [Theory]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void End_OfASessionOnASharedDriver_ReleasesAllItMade(string transport)
    {
        var shared = new FakeDriver();
        using var server = new TestServer(() => shared);
        using (RemoteDriver driver = server.Connect(transport))
        {
            driver.CreateContext();
            MakeThings(driver);
            driver.Retain(1);
            MakeThings(driver);
            Assert.NotEqual(0, server.Server.Usage.MemoryBytes);
        }

        server.BecomesIdle();
        Assert.Equal((0, 0L), (shared.LiveHandles, shared.MemoryBytes));
    }

    [Fact]
    public void End_OfOneSession_LeavesTheOthersThingsInTheSharedPrimaryContext()
    {
        var shared = new FakeDriver();
        using var server = new TestServer(() => shared);
        using RemoteDriver stays = server.Connect();
        stays.Retain();
        CUdeviceptr kept = stays.Allocate(4);
        stays.Write(kept, [1, 2, 3, 4]);
        CUstream stream = stays.CreateStream();
        Cuda.Ok(stays.cuCtxSynchronize());
        int handles = shared.LiveHandles;
        using (RemoteDriver leaves = server.Connect())
        {
            leaves.Retain();
            MakeThings(leaves);
        }

        Condition.Becomes(1, () => server.Server.Usage.Sessions);
        Assert.Equal((handles, 4L), (shared.LiveHandles, shared.MemoryBytes));
        Assert.Equal([1, 2, 3, 4], stays.Read(kept, 4));
        Cuda.Ok(stays.cuStreamSynchronize(stream));
    }

    [Fact]
    public void Reset_OfASharedPrimaryContext_ReleasesOnlyTheSessionsPart()
    {
        var shared = new FakeDriver();
        using var server = new TestServer(() => shared);
        using RemoteDriver stays = server.Connect();
        stays.Retain();
        CUdeviceptr kept = stays.Allocate(4);
        int handles = shared.LiveHandles;
        using RemoteDriver resets = server.Connect();
        resets.Retain();
        MakeThings(resets, withLibrary: false);

        Cuda.Ok(resets.cuDevicePrimaryCtxReset_v2(0));
        Cuda.Ok(resets.cuCtxSetCurrent(default));
        resets.CreateContext();

        Assert.Equal((handles + 1, 4L), (shared.LiveHandles, shared.MemoryBytes));
        Assert.Equal([0, 0, 0, 0], stays.Read(kept, 4));
    }

    [Fact]
    public void End_AfterTheDriverRefusedToFree_FreesIt()
    {
        bool refuses = true;
        var shared = new FakeDriver
        {
            Hook = name => refuses && name == nameof(CudaDriver.cuMemFree_v2) ? CUresult.CUDA_ERROR_UNKNOWN : CUresult.CUDA_SUCCESS,
        };
        using var server = new TestServer(() => shared);
        using (RemoteDriver driver = server.Connect())
        {
            driver.Retain();
            Cuda.Ok(driver.cuMemFree_v2(driver.Allocate(16)));
            Assert.Equal(CUresult.CUDA_ERROR_UNKNOWN, driver.cuCtxSynchronize());
            Assert.Equal((16L, 16L), (server.Server.Usage.MemoryBytes, shared.MemoryBytes));
            refuses = false;
        }

        server.BecomesIdle();
        Assert.Equal(0L, shared.MemoryBytes);
    }

    [Fact]
    public void End_OfASessionWithItsOwnDriver_DisposesIt()
    {
        OwnFakeDriver own = null!;
        using var server = new TestServer(() => own = new OwnFakeDriver());
        using (RemoteDriver driver = server.Connect())
        {
            driver.CreateContext();
            MakeThings(driver);
            Assert.False(own.IsDisposed);
        }

        server.BecomesIdle();
        Assert.True(own.IsDisposed);
    }

    [Fact]
    public void DestroyedContext_TakesWhatWasMadeInIt()
    {
        var shared = new FakeDriver();
        using var server = new TestServer(() => shared);
        using RemoteDriver driver = server.Connect();
        CUcontext outer = driver.CreateContext();
        driver.CreateContext();
        MakeThings(driver, withLibrary: false);
        CUcontext inner = driver.CurrentContext();

        Cuda.Ok(driver.cuCtxDestroy_v2(inner));

        Assert.Equal(outer, driver.CurrentContext());
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.Equal((1, 0L), (server.Server.Usage.Handles, server.Server.Usage.MemoryBytes));
        Assert.Equal((1, 0L), (shared.LiveHandles, shared.MemoryBytes));
    }

    [Fact]
    public void ServerStop_WhileSessionsAreOpen_ReleasesThem()
    {
        var shared = new FakeDriver();
        var server = new TestServer(() => shared);
        using RemoteDriver driver = server.Connect();
        driver.Retain();
        MakeThings(driver);
        Cuda.Ok(driver.cuCtxSynchronize());

        server.Dispose();

        Assert.Equal((0, 0L), (shared.LiveHandles, shared.MemoryBytes));
        Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, driver.cuCtxSynchronize());
    }

    private static void MakeThings(RemoteDriver driver, bool withLibrary = true)
    {
        driver.Allocate(1000);
        CUdeviceptr address;
        CUstream stream = driver.CreateStream();
        Cuda.Ok(driver.cuMemAllocAsync(&address, 3000, stream));
        driver.CreateEvent();
        driver.Function(driver.Load("// ptx"), "kernel");
        if (withLibrary)
        {
            CUlibrary library;
            CUkernel kernel;
            CUfunction function;
            fixed (byte* image = Cuda.Text("// ptx"))
            fixed (byte* name = Cuda.Text("kernel"))
            {
                Cuda.Ok(driver.cuLibraryLoadData(&library, image, null, null, 0, null, null, 0));
                Cuda.Ok(driver.cuLibraryGetKernel(&kernel, library, name));
                Cuda.Ok(driver.cuKernelGetFunction(&function, kernel));
            }
        }
    }
}
