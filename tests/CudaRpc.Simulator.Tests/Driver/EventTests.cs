namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class EventTests
{
    [Fact]
    public void Event_NeverRecorded_IsReadyAndHasNoTime()
    {
        using var bench = new Bench();
        CUevent first = bench.NewEvent(), second = bench.NewEvent();
        float milliseconds;

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuEventQuery(first));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuEventSynchronize(first));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuStreamWaitEvent(default, first, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuEventElapsedTime(&milliseconds, first, second));
    }

    [Fact]
    public void Event_IsReadyWhenTheStreamHasComeToIt()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUevent marker = bench.NewEvent();
        bool ran = false;
        Gate gate = bench.Block(stream);
        bench.Call(stream, () => ran = true);
        Bench.Must(bench.Driver.cuEventRecord(marker, stream));
        using Gate later = bench.Block(stream);

        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuEventQuery(marker));
        gate.Open();
        Bench.Must(bench.Driver.cuEventSynchronize(marker));

        Assert.True(ran);
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuEventQuery(marker));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(stream));
    }

    [Fact]
    public void ElapsedTime_GrowsWithTheOrderOfEvents()
    {
        using var bench = new Bench();
        CUevent start = bench.NewEvent(), end = bench.NewEvent();
        float forward, backward;
        Bench.Must(bench.Driver.cuEventRecord(start, default));
        bench.Call(default, static () => Thread.Yield());
        Bench.Must(bench.Driver.cuEventRecord(end, default));
        Bench.Must(bench.Driver.cuEventSynchronize(end));

        Bench.Must(bench.Driver.cuEventElapsedTime(&forward, start, end));
        Bench.Must(bench.Driver.cuEventElapsedTime_v2(&backward, end, start));

        Assert.True(forward > 0);
        Assert.Equal(-forward, backward);
    }

    [Fact]
    public void ElapsedTime_OfPendingEvent_IsNotReady()
    {
        using var bench = new Bench();
        CUevent start = bench.NewEvent(), end = bench.NewEvent();
        float milliseconds;
        Bench.Must(bench.Driver.cuEventRecord(start, default));
        using Gate gate = bench.Block(default);
        Bench.Must(bench.Driver.cuEventRecord(end, default));

        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuEventElapsedTime(&milliseconds, start, end));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuEventElapsedTime(null, start, end));
    }

    [Fact]
    public void ElapsedTime_WithoutTiming_IsInvalidHandle()
    {
        using var bench = new Bench();
        CUevent start = bench.NewEvent(), end = bench.NewEvent(CUevent_flags.CU_EVENT_DISABLE_TIMING);
        float milliseconds;
        Bench.Must(bench.Driver.cuEventRecord(start, default));
        Bench.Must(bench.Driver.cuEventRecord(end, default));

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuEventElapsedTime(&milliseconds, start, end));
    }

    [Fact]
    public void Create_BadFlags_HaveTheirResults()
    {
        using var bench = new Bench();
        CUevent created;
        const uint Interprocess = (uint)CUevent_flags.CU_EVENT_INTERPROCESS;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuEventCreate(&created, 8));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuEventCreate(null, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuEventCreate(&created, Interprocess));
        Bench.Must(bench.Driver.cuEventCreate(&created, Interprocess | (uint)CUevent_flags.CU_EVENT_DISABLE_TIMING));
    }

    [Fact]
    public void Record_InAnotherContextsStream_IsInvalidButWaitingIsNot()
    {
        using var bench = new Bench();
        CUevent marker = bench.NewEvent();
        CUstream own = bench.NewStream();
        bench.NewContext();
        CUstream foreign = bench.NewStream();

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuEventRecord(marker, foreign));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuEventRecord(marker, own));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuStreamWaitEvent(foreign, marker, 0));
    }

    [Fact]
    public void FlagsForCapture_OutsideACapture_AreInvalid()
    {
        using var bench = new Bench();
        CUevent marker = bench.NewEvent();

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuEventRecordWithFlags(marker, default, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamWaitEvent(default, marker, 1));
    }

    [Fact]
    public void Destroyed_IsInvalidHandle()
    {
        using var bench = new Bench();
        CUevent marker = bench.NewEvent();

        Bench.Must(bench.Driver.cuEventDestroy_v2(marker));

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuEventDestroy_v2(marker));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuEventRecord(marker, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuEventSynchronize(marker));
    }
}
