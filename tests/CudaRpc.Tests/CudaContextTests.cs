using CudaRpc.Driver;

namespace CudaRpc.Tests;

public sealed class CudaContextTests
{
    [Fact]
    public void Member_ContextIsCurrent_DoesNotSetIt()
    {
        using var fake = new FakeSession();
        fake.Context.Synchronize();
        fake.Context.Synchronize();
        Assert.Equal(["cuCtxSynchronize", "cuCtxSynchronize"], fake.Driver.Calls);
    }

    [Fact]
    public void Member_OtherThread_MakesContextCurrentOnce()
    {
        using var fake = new FakeSession();
        var thread = new Thread(() =>
        {
            fake.Context.Synchronize();
            fake.Context.Synchronize();
        });
        thread.Start();
        thread.Join();
        Assert.Equal(["cuCtxSetCurrent", "cuCtxSynchronize", "cuCtxSynchronize"], fake.Driver.Calls);
    }

    [Fact]
    public void Member_OtherContextIsCurrent_MakesItsOwnCurrent()
    {
        using var fake = new FakeSession();
        using CudaContext other = fake.Session.Devices[0].CreateContext();
        fake.Driver.ForgetCalls();
        fake.Context.Synchronize();
        other.Synchronize();
        Assert.Equal(["cuCtxSetCurrent", "cuCtxSynchronize", "cuCtxSetCurrent", "cuCtxSynchronize"], fake.Driver.Calls);
    }

    [Fact]
    public void Dispose_OwnContext_FreesWhatLivesInItFirst()
    {
        using var fake = new FakeSession();
        DeviceMemory<int> memory = fake.Context.Allocate<int>(4);
        CudaStream stream = fake.Context.CreateStream();
        CudaEvent mark = fake.Context.CreateEvent();
        fake.Driver.ForgetCalls();
        fake.Context.Dispose();
        string[] calls = [.. fake.Driver.Calls.Where(call => call != "cuCtxSetCurrent")];
        Assert.Equal("cuCtxDestroy_v2", calls[^1]);
        Assert.Equal(["cuEventDestroy_v2", "cuMemFree_v2", "cuStreamDestroy_v2"], calls[..^1].Order(StringComparer.Ordinal));
        Assert.True(memory.IsDisposed && stream.IsDisposed && mark.IsDisposed);
    }

    [Fact]
    public void Dispose_PrimaryContext_ReleasesIt()
    {
        using var fake = new FakeSession();
        CudaContext primary = fake.Session.Devices[0].RetainPrimaryContext();
        primary.Dispose();
        primary.Dispose();
        Assert.Equal(["cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2"], fake.Driver.Calls);
    }

    [Fact]
    public void Member_AfterDispose_Throws()
    {
        using var fake = new FakeSession();
        fake.Context.Dispose();
        Assert.Throws<ObjectDisposedException>(fake.Context.Synchronize);
        Assert.Throws<ObjectDisposedException>(() => fake.Context.Allocate<int>(1));
        Assert.Throws<ObjectDisposedException>(fake.Context.DefaultStream.Synchronize);
    }

    [Fact]
    public void Dispose_ResourceFails_DoesNotThrow()
    {
        using var fake = new FakeSession();
        DeviceMemory<int> memory = fake.Context.Allocate<int>(4);
        fake.Driver.Fail("cuMemFree_v2", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        memory.Dispose();
        Assert.True(memory.IsDisposed);
    }

    [Fact]
    public void CreateStream_Priority_IsGiven()
    {
        using var fake = new FakeSession();
        using CudaStream stream = fake.Context.CreateStream(priority: -1);
        Assert.Equal(["cuStreamCreateWithPriority"], fake.Driver.Calls);
    }
}
