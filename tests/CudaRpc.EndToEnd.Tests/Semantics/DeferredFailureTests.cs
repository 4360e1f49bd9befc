using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A posted call that fails is reported once, by the next synchronous call, with its name.</summary>
public sealed unsafe class DeferredFailureTests : IDisposable
{
    private readonly OwnFakeDriver _behind = new();
    private readonly CollectingLogger _log = new();
    private readonly TestServer _server;
    private readonly RemoteDriver _driver;
    private readonly CUcontext _context;
    private readonly CUdeviceptr _address;
    private string? _failing;

    public DeferredFailureTests()
    {
        _behind.Hook = name => name == _failing ? CUresult.CUDA_ERROR_LAUNCH_FAILED : CUresult.CUDA_SUCCESS;
        _server = new TestServer(() => _behind);
        _driver = _server.Connect(log: _log);
        _context = _driver.CreateContext();
        _address = _driver.Allocate(64);
    }

    public void Dispose()
    {
        _driver.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void NextSynchronousCall_AfterPostedFailure_ReportsItOnceAndNamesIt()
    {
        FailPosted();
        long before = _behind.Calls;

        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, _driver.cuStreamQuery(default));
        Assert.Equal(nameof(CudaDriver.cuMemsetD8_v2), _driver.TakeDeferredFailure());
        Assert.Null(_driver.TakeDeferredFailure());
        // The reporting call was not carried out, the next one is.
        Assert.Equal(before, _behind.Calls);
        Cuda.Ok(_driver.cuStreamQuery(default));
        Assert.Equal(before + 1, _behind.Calls);

        string[] said = [nameof(CudaDriver.cuMemsetD8_v2), nameof(CUresult.CUDA_ERROR_LAUNCH_FAILED), nameof(CudaDriver.cuStreamQuery)];
        Assert.Single(_log.Entries, entry => said.All(entry.Text.Contains));
        Assert.Single(_server.Log.Entries, entry => entry.Id == 204 && said[..2].All(entry.Text.Contains));
    }

    [Fact]
    public void NextSynchronousCall_AfterSeveralPostedFailures_ReportsTheFirst()
    {
        FailPosted();
        _failing = nameof(CudaDriver.cuEventRecord);
        Cuda.Ok(_driver.cuEventRecord(_driver.CreateEvent(), default));

        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, _driver.cuCtxSynchronize());
        Assert.Equal(nameof(CudaDriver.cuMemsetD8_v2), _driver.TakeDeferredFailure());
        Cuda.Ok(_driver.cuCtxSynchronize());
    }

    [Fact]
    public void SynchronousCallOfAnotherThread_AfterPostedFailure_ReportsItThere()
    {
        FailPosted();
        var result = CUresult.CUDA_SUCCESS;
        string? name = null;
        Worker.Run(() =>
        {
            _driver.cuCtxSetCurrent(_context);
            result = _driver.cuStreamQuery(default);
            name = _driver.TakeDeferredFailure();
        });

        Assert.Equal((CUresult.CUDA_ERROR_LAUNCH_FAILED, nameof(CudaDriver.cuMemsetD8_v2)), (result, name));
        Assert.Null(_driver.TakeDeferredFailure());
        Cuda.Ok(_driver.cuStreamQuery(default));
    }

    [Fact]
    public void CopyToHost_AfterPostedFailure_ReportsItAndLeavesTheDestination()
    {
        FailPosted();
        byte[] destination = [7, 7, 7, 7];
        fixed (byte* start = destination)
        {
            Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, _driver.cuMemcpyDtoH_v2(start, _address, 4));
        }

        Assert.Equal([7, 7, 7, 7], destination);
        Assert.Equal([0, 0, 0, 0], _driver.Read(_address, 4));
    }

    [Fact]
    public void Creation_ThatFailsPosted_IsReportedAndTheHandleIsInvalid()
    {
        _failing = nameof(CudaDriver.cuStreamCreate);
        CUstream stream = _driver.CreateStream();
        HasFailed();

        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, _driver.cuCtxSynchronize());
        Assert.Equal(nameof(CudaDriver.cuStreamCreate), _driver.TakeDeferredFailure());
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, _driver.cuStreamQuery(stream));
    }

    [Fact]
    public void SynchronousCall_ThatFailsAfterOneThatReported_NamesNoOther()
    {
        FailPosted();
        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, _driver.cuCtxSynchronize());
        _failing = nameof(CudaDriver.cuStreamQuery);

        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, _driver.cuStreamQuery(default));
        Assert.Null(_driver.TakeDeferredFailure());
    }

    [Fact]
    public void SynchronousCall_ThatFailsItself_NamesNoOther()
    {
        _failing = nameof(CudaDriver.cuStreamQuery);

        Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, _driver.cuStreamQuery(default));
        Assert.Null(_driver.TakeDeferredFailure());
    }

    private void FailPosted()
    {
        _failing = nameof(CudaDriver.cuMemsetD8_v2);
        Cuda.Ok(_driver.cuMemsetD8_v2(_address, 1, 1));
        HasFailed();
    }

    private void HasFailed()
    {
        Condition.Holds(() => _server.Log.Entries.Any(entry => entry.Id == 204), "the posted failure");
        _failing = null;
    }
}
