using CudaRpc.Driver;

namespace CudaRpc.Tests;

public sealed class CudaStreamTests
{
    [Fact]
    public void SynchronizeAsync_NothingToDo_IsDoneAtOnce()
    {
        using var fake = new FakeSession();
        using CudaStream stream = fake.Context.CreateStream();
        Assert.True(stream.IsCompleted);
        Assert.True(stream.SynchronizeAsync().IsCompletedSuccessfully);
        Assert.DoesNotContain("cuEventCreate", fake.Driver.Calls);
    }

    [Fact]
    public async Task SynchronizeAsync_WorkInProgress_CompletesWithIt()
    {
        using var fake = new FakeSession();
        using CudaStream stream = fake.Context.CreateStream();
        fake.Driver.Gate.Reset();
        Assert.False(stream.IsCompleted);
        Task first = stream.SynchronizeAsync(), second = stream.SynchronizeAsync();
        Assert.False(first.IsCompleted);
        fake.Driver.Gate.Set();
        await first;
        await second;
    }

    [Fact]
    public async Task SynchronizeAsync_WorkFails_ThrowsCudaException()
    {
        using var fake = new FakeSession();
        using CudaStream stream = fake.Context.CreateStream();
        fake.Driver.Gate.Reset();
        Task wait = stream.SynchronizeAsync();
        fake.Driver.Fail("cuEventSynchronize", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        fake.Driver.Gate.Set();
        var failure = await Assert.ThrowsAsync<CudaException>(() => wait);
        Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, failure.Result);
    }

    [Fact]
    public async Task SynchronizeAsync_Cancelled_StopsWaiting()
    {
        using var fake = new FakeSession();
        using CudaStream stream = fake.Context.CreateStream();
        using var cancellation = new CancellationTokenSource();
        fake.Driver.Gate.Reset();
        Task wait = stream.SynchronizeAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => wait);
        await Assert.ThrowsAsync<TaskCanceledException>(() => stream.SynchronizeAsync(cancellation.Token));
        fake.Driver.Gate.Set();
    }

    [Fact]
    public async Task SynchronizeAsync_ContextDisposedMeanwhile_Ends()
    {
        using var fake = new FakeSession();
        CudaStream stream = fake.Context.CreateStream();
        fake.Driver.Gate.Reset();
        Task first = stream.SynchronizeAsync(), second = stream.SynchronizeAsync();
        fake.Context.Dispose();
        fake.Driver.Gate.Set();
        await first.ContinueWith(static _ => { }, TaskScheduler.Default);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => second);
    }

    [Fact]
    public void DefaultStream_Dispose_HasNoEffect()
    {
        using var fake = new FakeSession();
        fake.Context.DefaultStream.Dispose();
        fake.Context.DefaultStream.Synchronize();
        Assert.Equal(["cuStreamSynchronize"], fake.Driver.Calls);
    }

    [Fact]
    public void Member_AfterDispose_Throws()
    {
        using var fake = new FakeSession();
        CudaStream stream = fake.Context.CreateStream();
        stream.Dispose();
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(stream.Synchronize);
        Assert.Throws<ObjectDisposedException>(() => { _ = stream.SynchronizeAsync(); });
        Assert.Throws<ObjectDisposedException>(() => stream.Handle);
        Assert.Single(fake.Driver.Calls, "cuStreamDestroy_v2");
    }
}
