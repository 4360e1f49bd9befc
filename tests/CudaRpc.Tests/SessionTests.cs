using CudaRpc.Driver;

namespace CudaRpc.Tests;

/// <summary>The API over a device that works, wherever it is.</summary>
public abstract partial class SessionTests : IDisposable
{
    private readonly CudaSession _session;
    private readonly CudaContext _context;

    private protected SessionTests(CudaSession session)
    {
        _session = session;
        _context = session.Devices[0].CreateContext();
    }

    private protected CudaSession Session => _session;

    public virtual void Dispose() => _session.Dispose();

    [Fact]
    public void Device_Properties_AreThere()
    {
        CudaDevice device = _session.Devices[0];
        Assert.NotEmpty(device.Name);
        Assert.NotEqual(Guid.Empty, device.Uuid);
        Assert.True(device.TotalMemory > 0);
        Assert.True(device.ComputeCapability.Major >= 5);
    }

    [Fact]
    public void Memory_CopiesFillsAndSlices_AreExact()
    {
        int[] data = [.. Enumerable.Range(0, 1000)];
        using DeviceMemory<int> memory = _context.Allocate(data);
        memory.Slice(10, 5).Fill(-1);
        memory.Slice(20, 5).CopyFrom(memory.Slice(0, 5));
        memory.Slice(30, 5).Clear();
        for (int i = 0; i < 5; i++) (data[10 + i], data[20 + i], data[30 + i]) = (-1, i, 0);
        Assert.Equal(data, memory.ToArray());
    }

    [Fact]
    public void Memory_ElementsOfAnySize_Fill()
    {
        using DeviceMemory<double> doubles = _context.Allocate<double>(1001);
        using DeviceMemory<decimal> decimals = _context.Allocate<decimal>(33);
        doubles.Fill(0.1);
        decimals.Fill(0.2m);
        Assert.All(doubles.ToArray(), value => Assert.Equal(0.1, value));
        Assert.All(decimals.ToArray(), value => Assert.Equal(0.2m, value));
    }

    [Fact]
    public void Allocate_MoreThanThereIs_NamesFunctionAndResult()
    {
        var failure = Assert.Throws<CudaException>(() => _context.Allocate<byte>(long.MaxValue / 2));
        Assert.Equal(("cuMemAlloc_v2", CUresult.CUDA_ERROR_OUT_OF_MEMORY), (failure.Function, failure.Result));
    }

    [Fact]
    public async Task Streams_CopiesInTwo_AreOrderedByAnEvent()
    {
        using CudaStream first = _context.CreateStream(nonBlocking: true), second = _context.CreateStream(nonBlocking: true);
        using CudaEvent copied = _context.CreateEvent();
        using DeviceMemory<int> memory = _context.Allocate<int>(1 << 16);
        int[] data = [.. Enumerable.Range(0, 1 << 16)], back = new int[1 << 16];
        Task there = memory.CopyFromAsync(data, first);
        copied.Record(first);
        second.Wait(copied);
        await memory.CopyToAsync(back, second);
        await there;
        await first.SynchronizeAsync();
        Assert.Equal(data, back);
        Assert.True(copied.IsCompleted);
    }

    [Fact]
    public void Events_Elapsed_IsNotNegative()
    {
        using CudaEvent start = _context.CreateEvent(), end = _context.CreateEvent();
        using DeviceMemory<int> memory = _context.Allocate<int>(1 << 16);
        start.Record();
        memory.Clear();
        end.Record();
        end.Synchronize();
        Assert.True(end.ElapsedSince(start) >= TimeSpan.Zero);
    }

    [Fact]
    public async Task PinnedMemory_Copies_WorkOnIt()
    {
        using PinnedMemory<int> host = _context.AllocatePinned<int>(100);
        using DeviceMemory<int> memory = _context.Allocate<int>(100);
        for (int i = 0; i < host.Length; i++) host.Span[i] = i;
        await memory.CopyFromAsync(host.Memory);
        Assert.Equal(Enumerable.Range(0, 100), memory.ToArray());
    }

    [Fact]
    public void Context_FromManyThreads_IsCurrentInEach()
    {
        using CudaContext other = _session.Devices[0].RetainPrimaryContext();
        Parallel.For(0, 64, i =>
        {
            CudaContext context = i % 2 == 0 ? _context : other;
            using DeviceMemory<int> memory = context.Allocate<int>(64);
            memory.Fill(i);
            Assert.All(memory.ToArray(), value => Assert.Equal(i, value));
        });
    }

    [Fact]
    public void Dispose_Context_GivesItsMemoryBack()
    {
        long free = _context.GetMemoryInfo().Free;
        CudaContext other = _session.Devices[0].RetainPrimaryContext();
        DeviceMemory<byte> leaked = other.Allocate<byte>(1 << 24);
        other.Dispose();
        Assert.True(leaked.IsDisposed);
        Assert.Equal(free, _context.GetMemoryInfo().Free);
    }
}
