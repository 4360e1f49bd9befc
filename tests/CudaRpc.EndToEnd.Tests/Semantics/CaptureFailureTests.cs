using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.Api;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A capture in which posted calls fail ends all the same, and says so.</summary>
public sealed unsafe class CaptureFailureTests : IDisposable
{
    private readonly SimulatedServer _server = new();
    private readonly CUstream _stream;
    private readonly CUdeviceptr _value;

    public CaptureFailureTests()
    {
        _stream = Driver.CreateStream();
        _value = Driver.Allocate(4);
    }

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Capture_ThatTheLegacyStreamSpoilt_Ends()
    {
        Begin();
        Set(1);
        Cuda.Ok(Driver.cuMemsetD32_v2(_value, 7, 1));

        Assert.Equal((CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, default), End());
        Assert.Equal(nameof(CudaDriver.cuMemsetD32_v2), Driver.TakeDeferredFailure());
        WorksAgain();
    }

    [Fact]
    public void Capture_ThatAWaitSpoilt_Ends()
    {
        Begin();
        Set(1);
        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Driver.cuStreamSynchronize(_stream));
        Assert.Equal(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_INVALIDATED, Status());
        Set(2);

        Assert.Equal((CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, default), End());
        WorksAgain();
    }

    [Fact]
    public void Capture_WithAStreamThatWasNotJoined_Ends()
    {
        CUstream other = Driver.CreateStream();
        CUevent fork = Driver.CreateEvent();
        Begin();
        Cuda.Ok(Driver.cuEventRecord(fork, _stream));
        Cuda.Ok(Driver.cuStreamWaitEvent(other, fork, 0));
        Cuda.Ok(Driver.cuMemsetD32Async(_value, 1, 1, other));

        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, End(other).Status);
        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, End().Status);
        WorksAgain();
    }

    [Fact]
    public void Capture_InWhichAPostedCallFailed_EndsWithoutAGraph()
    {
        Begin();
        Set(1);
        // Out of the driver's own rules: the client has no say in it.
        Cuda.Ok(Driver.cuStreamWaitValue32_v2(_stream, new CUdeviceptr(64), 0, 0));

        Assert.NotEqual(CUDA_SUCCESS, End().Status);
        Assert.Equal(nameof(CudaDriver.cuStreamWaitValue32_v2), Driver.TakeDeferredFailure());
        WorksAgain();
    }

    [Fact]
    public void Release_AfterAPostedFailure_IsMade_AndTheFailureWaitsForAnotherCall()
    {
        const uint ToDevice = 2; // CU_MEMHOSTREGISTER_DEVICEMAP
        void* memory = System.Runtime.InteropServices.NativeMemory.AlignedAlloc(4096, 4096);
        Cuda.Ok(Driver.cuMemHostRegister_v2(memory, 4096, ToDevice));
        Cuda.Ok(Driver.cuStreamWaitValue32_v2(_stream, new CUdeviceptr(64), 0, 0));

        Cuda.Ok(Driver.cuMemHostUnregister(memory));
        Assert.NotEqual(CUDA_SUCCESS, Driver.cuCtxSynchronize());
        Assert.Equal(nameof(CudaDriver.cuStreamWaitValue32_v2), Driver.TakeDeferredFailure());
        Cuda.Ok(Driver.cuMemHostRegister_v2(memory, 4096, ToDevice));
        Cuda.Ok(Driver.cuMemHostUnregister(memory));
        System.Runtime.InteropServices.NativeMemory.AlignedFree(memory);
    }

    private void Begin() => Cuda.Ok(Driver.cuStreamBeginCapture_v2(_stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));

    private void Set(uint value) => Cuda.Ok(Driver.cuMemsetD32Async(_value, value, 1, _stream));

    private (CUresult Status, CUgraph Graph) End(CUstream? stream = null)
    {
        CUgraph graph;
        return (Driver.cuStreamEndCapture(stream ?? _stream, &graph), graph);
    }

    private CUstreamCaptureStatus Status()
    {
        CUstreamCaptureStatus status;
        Cuda.Ok(Driver.cuStreamIsCapturing(_stream, &status));
        return status;
    }

    private void WorksAgain()
    {
        Assert.Equal(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE, Status());
        Set(5);
        Cuda.Ok(Driver.cuStreamSynchronize(_stream));
        Assert.Equal(5, BitConverter.ToInt32(Driver.Read(_value, 4)));
        Begin();
        Set(6);
        Cuda.Ok(End().Status);
    }
}
