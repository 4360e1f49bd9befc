using CudaRpc.Driver;

namespace CudaRpc.Tests;

public sealed class CudaSessionTests
{
    [Fact]
    public void Constructor_Driver_ReadsVersionAndDevices()
    {
        using var fake = new FakeSession();
        CudaDevice device = Assert.Single(fake.Session.Devices);
        Assert.Equal(new Version(12, 4), fake.Session.DriverVersion);
        Assert.Equal("Fake GPU", device.Name);
        Assert.Equal(Guid.Parse("00010203-0405-0607-0809-0a0b0c0d0e0f"), device.Uuid);
        Assert.Equal(1L << 30, device.TotalMemory);
        Assert.Equal(new Version(9, 0), device.ComputeCapability);
    }

    [Fact]
    public void Constructor_InitialisationFails_DisposesDriverAndNamesFunction()
    {
        var driver = new FakeDriver();
        driver.Fail("cuInit", CUresult.CUDA_ERROR_NO_DEVICE);
        var failure = Assert.Throws<CudaException>(() => new CudaSession(driver));
        Assert.Equal(("cuInit", CUresult.CUDA_ERROR_NO_DEVICE), (failure.Function, failure.Result));
        Assert.True(driver.IsDisposed);
    }

    [Theory]
    [InlineData("http://localhost")]
    [InlineData("tcp://")]
    [InlineData("nonsense")]
    public void Connect_NotAUrlOfOurs_Throws(string url) => Assert.Throws<FormatException>(() => CudaSession.Connect(url));

    [Fact]
    public void Connect_NobodyThere_Throws() =>
        Assert.ThrowsAny<IOException>(() => CudaSession.Connect("unix:///nonexistent/cudarpc.sock"));

    [Fact]
    public void Statistics_DriverInThisProcess_AreZero()
    {
        using var fake = new FakeSession();
        Assert.Equal(default, fake.Session.Statistics);
    }

    [Fact]
    public void Dispose_Twice_DestroysContextsAndDriverOnce()
    {
        var fake = new FakeSession();
        fake.Session.Dispose();
        fake.Session.Dispose();
        Assert.Equal(["cuCtxDestroy_v2"], fake.Driver.Calls);
        Assert.True(fake.Driver.IsDisposed);
        Assert.True(fake.Context.IsDisposed);
    }

    [Fact]
    public void Member_ThingsOfAnotherSession_AreRefused()
    {
        using var fake = new FakeSession();
        using var other = new FakeSession();
        CudaStream stream = other.Context.DefaultStream;
        CudaEvent mark = other.Context.CreateEvent(), own = fake.Context.CreateEvent();
        DeviceMemory<int> foreign = other.Context.Allocate<int>(4), memory = fake.Context.Allocate<int>(4);
        CudaKernel kernel = fake.Kernel();
        Assert.Throws<ArgumentException>(() => kernel.Launch(new LaunchConfiguration(1, 1, Stream: stream)));
        Assert.Throws<ArgumentException>(() => own.Record(stream));
        Assert.Throws<ArgumentException>(() => own.ElapsedSince(mark));
        Assert.Throws<ArgumentException>(() => fake.Context.DefaultStream.Wait(mark));
        Assert.Throws<ArgumentException>(() => memory.CopyFrom(foreign));
        Assert.Throws<ArgumentException>(() => memory.Slice(0, 2).CopyFrom(memory.Slice(2), stream));
        Assert.Throws<ArgumentException>(() => memory.Fill(1, stream));
        Assert.Throws<ArgumentException>(() => { _ = memory.CopyFromAsync(new int[4], stream); });
        Assert.Throws<ArgumentException>(() => { _ = memory.CopyToAsync(new int[4], stream); });
        Assert.Empty(fake.Driver.Calls);
    }

    [Fact]
    public void Member_AfterDispose_Throws()
    {
        var fake = new FakeSession();
        CudaDevice device = fake.Session.Devices[0];
        fake.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.CreateContext());
        Assert.Throws<ObjectDisposedException>(() => device.RetainPrimaryContext());
        Assert.Throws<ObjectDisposedException>(() => device.ComputeCapability);
    }
}
