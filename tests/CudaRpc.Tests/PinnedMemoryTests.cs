namespace CudaRpc.Tests;

public sealed class PinnedMemoryTests
{
    [Fact]
    public async Task Memory_Copies_WorkOnIt()
    {
        using var fake = new FakeSession();
        using PinnedMemory<int> host = fake.Context.AllocatePinned<int>(3);
        using DeviceMemory<int> memory = fake.Context.Allocate([1, 2, 3]);
        await memory.CopyToAsync(host.Memory);
        Assert.Equal([1, 2, 3], host.Span);
    }

    [Fact]
    public void Dispose_Twice_FreesOnce()
    {
        using var fake = new FakeSession();
        PinnedMemory<int> host = fake.Context.AllocatePinned<int>(3);
        host.Dispose();
        host.Dispose();
        Assert.Single(fake.Driver.Calls, "cuMemFreeHost");
        Assert.Throws<ObjectDisposedException>(() => { _ = host.Span; });
        Assert.Throws<ObjectDisposedException>(() => host.Pin());
    }

    [Fact]
    public void ContextDispose_Memory_IsFreed()
    {
        using var fake = new FakeSession();
        PinnedMemory<int> host = fake.Context.AllocatePinned<int>(3);
        fake.Context.Dispose();
        Assert.Contains("cuMemFreeHost", fake.Driver.Calls);
        Assert.Throws<ObjectDisposedException>(() => { _ = host.Memory.Span; });
    }
}
