using CudaRpc.Driver;

namespace CudaRpc.Tests;

public sealed class CudaEventTests
{
    [Fact]
    public void ElapsedSince_TwoEvents_IsTheDriversTime()
    {
        using var fake = new FakeSession();
        using CudaEvent start = fake.Context.CreateEvent(), end = fake.Context.CreateEvent();
        start.Record();
        end.Record();
        Assert.Equal(TimeSpan.FromMilliseconds(1.5), end.ElapsedSince(start));
    }

    [Fact]
    public void IsCompleted_WorkInProgress_FollowsIt()
    {
        using var fake = new FakeSession();
        using CudaEvent mark = fake.Context.CreateEvent(timing: false);
        fake.Driver.Gate.Reset();
        Assert.False(mark.IsCompleted);
        fake.Driver.Gate.Set();
        Assert.True(mark.IsCompleted);
    }

    [Fact]
    public void Record_DisposedStream_Throws()
    {
        using var fake = new FakeSession();
        using CudaEvent mark = fake.Context.CreateEvent();
        CudaStream stream = fake.Context.CreateStream();
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mark.Record(stream));
    }

    [Fact]
    public void Wait_OtherStream_IsGivenToTheDriver()
    {
        using var fake = new FakeSession();
        using CudaEvent mark = fake.Context.CreateEvent();
        fake.Driver.ForgetCalls();
        fake.Context.DefaultStream.Wait(mark);
        Assert.Equal(["cuStreamWaitEvent"], fake.Driver.Calls);
    }

    [Fact]
    public void Synchronize_WorkFailed_Throws()
    {
        using var fake = new FakeSession();
        using CudaEvent mark = fake.Context.CreateEvent();
        fake.Driver.Fail("cuEventSynchronize", CUresult.CUDA_ERROR_LAUNCH_FAILED);
        Assert.Throws<CudaException>(mark.Synchronize);
    }
}
