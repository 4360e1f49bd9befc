using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>What ends or frees something waits for the GPU at the server. Others do not wait with it, and who comes after it finds it gone.</summary>
public sealed unsafe class ContextEndTests : IDisposable
{
    private readonly ManualResetEvent _inside = new(false);
    private readonly ManualResetEvent _release = new(false);
    private readonly TestServer _server;
    private readonly RemoteDriver _driver;
    private string? _blocking;
    private string? _refused;

    public ContextEndTests()
    {
        _server = new TestServer(() => new OwnFakeDriver
        {
            Hook = name =>
            {
                if (name == _blocking)
                {
                    _inside.Set();
                    Condition.IsSet(_release, "the release");
                }

                return name == _refused && Interlocked.Exchange(ref _refused, null) == name ? CUresult.CUDA_ERROR_INVALID_CONTEXT : CUresult.CUDA_SUCCESS;
            },
        });
        _driver = _server.Connect();
    }

    public void Dispose()
    {
        _release.Set();
        _driver.Dispose();
        _server.Dispose();
        _inside.Dispose();
        _release.Dispose();
    }

    [Theory]
    [InlineData(nameof(CudaDriver.cuDevicePrimaryCtxRelease_v2))]
    [InlineData(nameof(CudaDriver.cuDevicePrimaryCtxReset_v2))]
    public void Retain_InAnotherThreadWhileThePrimaryContextEnds_GetsANewOne(string ending)
    {
        _driver.Retain();
        CUdeviceptr old = _driver.Allocate(64);
        _blocking = ending;
        var ends = new Worker(() => Cuda.Ok(
            ending == nameof(CudaDriver.cuDevicePrimaryCtxRelease_v2) ? _driver.cuDevicePrimaryCtxRelease_v2(0) : _driver.cuDevicePrimaryCtxReset_v2(0)));
        Condition.IsSet(_inside, ending);

        var again = new Worker(() =>
        {
            _driver.Retain();
            _driver.Write(_driver.Allocate(64), [1, 2, 3]);
            Cuda.Ok(_driver.cuCtxSynchronize());
        });
        // Others are not held up meanwhile.
        Cuda.Ok(_driver.cuDevicePrimaryCtxSetFlags_v2(1, 0));
        Assert.True(ends.IsRunning && again.IsRunning);
        _release.Set();
        ends.Ends();
        again.Ends();

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemFree_v2(old));
        Assert.Equal(64, _server.Server.Usage.MemoryBytes);
    }

    [Fact]
    public void MemoryInfo_InAnotherThreadAfterAFree_CountsIt()
    {
        CUcontext context = _driver.CreateContext();
        CUdeviceptr memory = _driver.Allocate(1 << 20);
        _blocking = nameof(CudaDriver.cuMemFree_v2);
        Cuda.Ok(_driver.cuMemFree_v2(memory));
        Condition.IsSet(_inside, _blocking);

        nuint free = 0;
        var asks = new Worker(() =>
        {
            nuint now, total;
            Cuda.Ok(_driver.cuCtxSetCurrent(context));
            Cuda.Ok(_driver.cuMemGetInfo_v2(&now, &total));
            free = now;
        });
        Cuda.Ok(_driver.cuDevicePrimaryCtxSetFlags_v2(1, 0));
        _release.Set();
        asks.Ends();

        Assert.Equal(FakeDriver.TotalBytes, free);
    }

    [Fact]
    public void Allocation_InAnotherThreadAfterAFree_MayUseItsMemory()
    {
        const int Most = (int)(FakeDriver.TotalBytes / 4 * 3);
        CUcontext context = _driver.CreateContext();
        CUdeviceptr memory = _driver.Allocate(Most);
        _blocking = nameof(CudaDriver.cuMemFree_v2);
        Cuda.Ok(_driver.cuMemFree_v2(memory));
        Condition.IsSet(_inside, _blocking);

        var allocates = new Worker(() =>
        {
            Cuda.Ok(_driver.cuCtxSetCurrent(context));
            Cuda.Ok(_driver.TryAllocate(Most));
        });
        Cuda.Ok(_driver.cuDevicePrimaryCtxSetFlags_v2(1, 0));
        Assert.True(allocates.IsRunning);
        _release.Set();

        allocates.Ends();
    }

    [Fact]
    public void ContextDestroy_AfterAFree_DoesNotOvertakeIt()
    {
        CUcontext context = _driver.CreateContext();
        CUdeviceptr memory = _driver.Allocate(64);
        _blocking = nameof(CudaDriver.cuMemFree_v2);
        Cuda.Ok(_driver.cuMemFree_v2(memory));
        Condition.IsSet(_inside, _blocking);

        var destroys = new Worker(() => Cuda.Ok(_driver.cuCtxDestroy_v2(context)));
        OthersGoOn();
        Assert.True(destroys.IsRunning);
        _release.Set();
        destroys.Ends();

        Assert.DoesNotContain(_server.Log.Entries, entry => entry.Id == 204);
        Assert.Equal(default, _server.Server.Usage with { Sessions = 0 });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PrimaryContextEnd_AfterAFree_DoesNotOvertakeIt(bool reset)
    {
        _driver.Retain();
        CUdeviceptr memory = _driver.Allocate(64);
        _blocking = nameof(CudaDriver.cuMemFree_v2);
        Cuda.Ok(_driver.cuMemFree_v2(memory));
        Condition.IsSet(_inside, _blocking);

        var ends = new Worker(() => Cuda.Ok(reset ? _driver.cuDevicePrimaryCtxReset_v2(0) : _driver.cuDevicePrimaryCtxRelease_v2(0)));
        OthersGoOn();
        Assert.True(ends.IsRunning);
        _release.Set();
        ends.Ends();

        Assert.DoesNotContain(_server.Log.Entries, entry => entry.Id == 204);
        Assert.Equal(0, _server.Server.Usage.MemoryBytes);
    }

    [Fact]
    public void Synchronize_AfterAFreeOfTheSameThread_WaitsForIt()
    {
        CUcontext context = _driver.CreateContext();
        CUdeviceptr memory = _driver.Allocate(64);
        _blocking = nameof(CudaDriver.cuMemFree_v2);

        var waits = new Worker(() =>
        {
            Cuda.Ok(_driver.cuCtxSetCurrent(context));
            Cuda.Ok(_driver.cuMemFree_v2(memory));
            Cuda.Ok(_driver.cuCtxSynchronize());
        });
        Condition.IsSet(_inside, _blocking);
        OthersGoOn();
        // What another thread frees is not waited for.
        Cuda.Ok(_driver.cuCtxSynchronize());
        Assert.True(waits.IsRunning);
        _release.Set();
        waits.Ends();

        Assert.Equal(0, _server.Server.Usage.MemoryBytes);
    }

    [Fact]
    public void Calls_InAContextThatIsEnding_FindNone()
    {
        CUcontext ends = _driver.CreateContext();
        _blocking = nameof(CudaDriver.cuCtxDestroy_v2);
        var destroys = new Worker(() => Cuda.Ok(_driver.cuCtxDestroy_v2(ends)));
        Condition.IsSet(_inside, _blocking);

        // The driver does not know it any more, the server still does. What needs no context goes on.
        _refused = nameof(CudaDriver.cuCtxSetCurrent);
        Worker.Run(() =>
        {
            Cuda.Ok(_driver.cuCtxSetCurrent(ends));
            Cuda.Ok(_driver.cuDevicePrimaryCtxSetFlags_v2(1, 0));
        });

        Assert.Null(_refused);
        _release.Set();
        destroys.Ends();
    }

    [Fact]
    public void PrimaryContext_ThatComesBack_IsCurrentAgainInOtherThreads()
    {
        CUcontext primary = _driver.Retain();
        using var other = new Poster(_driver, primary);
        for (int round = 0; round < 3; round++)
        {
            Cuda.Ok(_driver.cuDevicePrimaryCtxRelease_v2(0));
            other.Does(() => Assert.NotEqual(CUresult.CUDA_SUCCESS, _driver.cuStreamQuery(default)));
            Assert.Equal(primary, _driver.Retain());

            other.Does(() => Cuda.Ok(_driver.cuStreamQuery(_driver.CreateStream())));
        }
    }

    [Fact]
    public void PostedFailure_OfAPrimaryContextThatEnded_IsNotReportedInTheNext()
    {
        _driver.Retain();
        Cuda.Ok(_driver.cuMemsetD8_v2(new CUdeviceptr(64), 1, 1));
        Cuda.Ok(_driver.cuDevicePrimaryCtxRelease_v2(0));
        Assert.Contains(_server.Log.Entries, entry => entry.Id == 204);

        _driver.Retain();

        Cuda.Ok(_driver.cuCtxSynchronize());
    }

    [Fact]
    public void ContextDestroy_AfterAPostedFailure_IsCarriedOut()
    {
        CUcontext stays = _driver.CreateContext();
        CUcontext ends = _driver.CreateContext();
        _driver.Allocate(64);
        Cuda.Ok(_driver.cuCtxSetCurrent(stays));
        Cuda.Ok(_driver.cuMemsetD8_v2(new CUdeviceptr(64), 1, 1));

        Cuda.Ok(_driver.cuCtxDestroy_v2(ends));

        Assert.Equal(0, _server.Server.Usage.MemoryBytes);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuCtxSynchronize());
        Assert.Equal(nameof(CudaDriver.cuMemsetD8_v2), _driver.TakeDeferredFailure());
    }

    // Often enough for whoever does not wait, but should, to be done.
    private void OthersGoOn()
    {
        for (int call = 0; call < 200; call++)
        {
            Cuda.Ok(_driver.cuDevicePrimaryCtxSetFlags_v2(1, 0));
        }
    }
}
