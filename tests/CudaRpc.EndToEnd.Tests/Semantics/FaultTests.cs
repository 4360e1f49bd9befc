using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.Api;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A kernel's fault spoils its context: once told, work there is refused at the call, and nowhere else.</summary>
public sealed unsafe class FaultTests : IDisposable
{
    private readonly SimulatedServer _server = new();

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void WorkInASpoiltContext_IsRefusedAtTheCall()
    {
        CUmodule module = Driver.Load(WorkPtx.Text);
        CUfunction nothing = Driver.Function(module, "nothing");
        CUdeviceptr memory = Driver.Allocate(64);
        CUstream stream = Driver.CreateStream();
        CUevent mark = Driver.CreateEvent();
        byte* host = stackalloc byte[4];
        Spoil(module);

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuStreamSynchronize(default));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.Launch(nothing, default, stream));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuMemsetD8_v2(memory, 1, 1));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuMemcpyDtoDAsync_v2(memory, memory + 4, 4, stream));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuMemcpyHtoD_v2(memory, host, 4));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuEventRecord(mark, stream));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuStreamWaitEvent(stream, mark, 0));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuEventCreate(&mark, 0));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuStreamCreate(&stream, 0));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuMemFree_v2(memory));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuMemFree_v2(memory));
    }

    [Fact]
    public void OtherContexts_GoOn()
    {
        CUmodule module = Driver.Load(WorkPtx.Text);
        CUfunction nothing = Driver.Function(module, "nothing");
        CUcontext other = Driver.CreateContext();
        CUdeviceptr memory = Driver.Allocate(64);
        Cuda.Ok(Driver.cuCtxSetCurrent(_server.Context));
        Spoil(module);
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuCtxSynchronize());
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.Launch(nothing, default));

        Cuda.Ok(Driver.cuCtxSetCurrent(other));
        Cuda.Ok(Driver.cuMemsetD8_v2(memory, 5, 64));
        Cuda.Ok(Driver.Launch(Driver.Function(Driver.Load(WorkPtx.Text), "nothing"), default));
        Cuda.Ok(Driver.cuCtxSynchronize());
        Assert.Equal(5, Driver.Read(memory, 64)[63]);
    }

    [Fact]
    public void StreamOfOneOfSeveralContexts_SaysNothingOfTheCurrentOne()
    {
        CUmodule module = Driver.Load(WorkPtx.Text);
        CUstream spoilt = Driver.CreateStream();
        CUcontext other = Driver.CreateContext();
        CUdeviceptr memory = Driver.Allocate(64);
        Cuda.Ok(Driver.cuCtxSetCurrent(_server.Context));
        Spoil(module, spoilt);
        Cuda.Ok(Driver.cuCtxSetCurrent(other));

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuStreamSynchronize(spoilt));
        Cuda.Ok(Driver.cuMemsetD8_v2(memory, 5, 64));
        Cuda.Ok(Driver.cuCtxSynchronize());
    }

    [Fact]
    public void PrimaryContext_ThatComesBackAfterAReset_IsAsNew()
    {
        Cuda.Ok(Driver.cuCtxDestroy_v2(_server.Context));
        Driver.Retain();
        Spoil(Driver.Load(WorkPtx.Text));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, Driver.cuCtxSynchronize());
        Cuda.Ok(Driver.cuDevicePrimaryCtxReset_v2(0));

        Driver.Retain();
        CUdeviceptr memory = Driver.Allocate(64);
        Cuda.Ok(Driver.cuMemsetD8_v2(memory, 5, 64));
        Assert.Equal(5, Driver.Read(memory, 64)[63]);
    }

    private void Spoil(CUmodule module, CUstream stream = default) => Cuda.Ok(Driver.Launch(Driver.Function(module, "outside"), default, stream));
}
