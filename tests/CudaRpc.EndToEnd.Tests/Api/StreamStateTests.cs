using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUstreamCaptureMode;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>What streams, events and threads say of themselves through a server.</summary>
public sealed unsafe class StreamStateTests : IDisposable
{
    private readonly SimulatedServer _server = new(devices: 2);

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Stream_SaysHowItWasMade()
    {
        const uint NonBlocking = (uint)CUstream_flags.CU_STREAM_NON_BLOCKING;
        CUstream stream, plain = Driver.CreateStream();
        uint flags;
        int least, greatest, priority, device;
        ulong id, other;
        Cuda.Ok(Driver.cuCtxGetStreamPriorityRange(&least, &greatest));
        Assert.True(greatest < least);
        Cuda.Ok(Driver.cuStreamCreateWithPriority(&stream, NonBlocking, greatest));

        Cuda.Ok(Driver.cuStreamGetFlags(stream, &flags));
        Assert.Equal(NonBlocking, flags);
        Cuda.Ok(Driver.cuStreamGetPriority(stream, &priority));
        Assert.Equal(greatest, priority);
        Cuda.Ok(Driver.cuStreamGetDevice(stream, &device));
        Assert.Equal(0, device);
        Cuda.Ok(Driver.cuStreamGetFlags(plain, &flags));
        Assert.Equal(0u, flags);
        Cuda.Ok(Driver.cuStreamGetId(stream, &id));
        Cuda.Ok(Driver.cuStreamGetId(plain, &other));
        Assert.NotEqual(id, other);
        Cuda.Ok(Driver.cuStreamGetId(stream, &other));
        Assert.Equal(id, other);
    }

    [Fact]
    public void CaptureMode_IsTheThreads()
    {
        CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED, elsewhere = CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;

        Cuda.Ok(Driver.cuThreadExchangeStreamCaptureMode(&mode));
        Assert.Equal(CU_STREAM_CAPTURE_MODE_GLOBAL, mode);
        Worker.Run(() =>
        {
            CUstreamCaptureMode there = elsewhere;
            Cuda.Ok(Driver.cuThreadExchangeStreamCaptureMode(&there));
            elsewhere = there;
        });
        Assert.Equal(CU_STREAM_CAPTURE_MODE_GLOBAL, elsewhere);
        Cuda.Ok(Driver.cuThreadExchangeStreamCaptureMode(&mode));
        Assert.Equal(CU_STREAM_CAPTURE_MODE_RELAXED, mode);
    }

    [Fact]
    public void Event_RecordedWithFlags_TellsTheTimeBetween()
    {
        CUstream stream = Driver.CreateStream();
        CUevent first = Driver.CreateEvent(), second = Driver.CreateEvent();
        float time = -1;
        Cuda.Ok(Driver.cuEventRecordWithFlags(first, stream, 0));
        Cuda.Ok(Driver.cuEventRecordWithFlags(second, stream, 0));
        Cuda.Ok(Driver.cuEventSynchronize(second));

        Cuda.Ok(Driver.cuEventElapsedTime_v2(&time, first, second));
        Assert.True(time >= 0);
        Cuda.Ok(Driver.cuEventRecordWithFlags(first, stream, 77));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Context_KeepsItsCacheConfig_AndSaysItsVersion()
    {
        CUfunc_cache config;
        uint version;
        Cuda.Ok(Driver.cuCtxSetCacheConfig(CUfunc_cache.CU_FUNC_CACHE_PREFER_L1));
        Cuda.Ok(Driver.cuCtxGetCacheConfig(&config));
        Assert.Equal(CUfunc_cache.CU_FUNC_CACHE_PREFER_L1, config);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuCtxSetCacheConfig((CUfunc_cache)77));
        Cuda.Ok(Driver.cuCtxGetApiVersion(_server.Context, &version));
        Assert.InRange(version, 3020u, 99999u);
    }
}
