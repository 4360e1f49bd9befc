using System.Buffers;
using CudaRpc.Driver;

namespace CudaRpc.Tests;

public sealed class DeviceMemoryTests
{
    [Fact]
    public void Copy_ThereAndBack_KeepsElements()
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> memory = fake.Context.Allocate([1, 2, 3]);
        Assert.Equal([1, 2, 3], memory.ToArray());
        Assert.Equal((3, 12), (memory.Length, memory.ByteLength));
    }

    [Fact]
    public void Allocate_LengthBelowOne_Throws()
    {
        using var fake = new FakeSession();
        Assert.Throws<ArgumentOutOfRangeException>(() => fake.Context.Allocate<int>(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => fake.Context.Allocate<int>([]));
    }

    [Fact]
    public void Allocate_BytesOverflow_Throws()
    {
        using var fake = new FakeSession();
        Assert.Throws<OverflowException>(() => fake.Context.Allocate<long>(long.MaxValue));
        Assert.Empty(fake.Driver.Calls);
    }

    [Fact]
    public void Allocate_CopyFails_FreesTheMemory()
    {
        using var fake = new FakeSession();
        fake.Driver.Fail("cuMemcpyHtoD_v2", CUresult.CUDA_ERROR_LAUNCH_FAILED);
        Assert.Throws<CudaException>(() => fake.Context.Allocate([1, 2, 3]));
        Assert.Contains("cuMemFree_v2", fake.Driver.Calls);
    }

    [Fact]
    public void CopyFrom_SourceTooLong_ThrowsWithBothLengths()
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> memory = fake.Context.Allocate<int>(3);
        var failure = Assert.Throws<ArgumentException>(() => memory.CopyFrom(new int[4]));
        Assert.Contains("4", failure.Message, StringComparison.Ordinal);
        Assert.Contains("3", failure.Message, StringComparison.Ordinal);
        Assert.Equal("source", failure.ParamName);
        Assert.Throws<ArgumentException>("source", () => { _ = memory.CopyFromAsync(new int[4]); });
    }

    [Fact]
    public void CopyTo_DestinationTooShort_Throws()
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> memory = fake.Context.Allocate<int>(3);
        Assert.Throws<ArgumentException>("destination", () => memory.CopyTo(new int[2]));
        Assert.Throws<ArgumentException>("destination", () => { _ = memory.CopyToAsync(new int[2]); });
    }

    [Fact]
    public void Slice_Copy_TouchesItsRangeOnly()
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> memory = fake.Context.Allocate([1, 2, 3, 4, 5]);
        memory.Slice(1, 2).CopyFrom([20, 30]);
        memory.Slice(3).Slice(1).CopyFrom([50]);
        Assert.Equal([1, 20, 30, 4, 50], memory.ToArray());
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(4, 0)]
    [InlineData(2, 2)]
    [InlineData(0, -1)]
    [InlineData(1, long.MaxValue)]
    public void Slice_OutOfRange_Throws(long start, long length)
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> memory = fake.Context.Allocate<int>(3);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Slice(start, length));
    }

    [Fact]
    public void Slice_Dispose_LeavesTheAllocation()
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> memory = fake.Context.Allocate([1, 2]);
        memory.Slice(1).Dispose();
        Assert.Equal([1, 2], memory.ToArray());
    }

    [Fact]
    public void Slice_AllocationDisposed_Throws()
    {
        using var fake = new FakeSession();
        DeviceMemory<int> memory = fake.Context.Allocate([1, 2]);
        DeviceMemory<int> slice = memory.Slice(1);
        memory.Dispose();
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => slice.ToArray());
        Assert.Throws<ObjectDisposedException>(() => memory.Address);
        Assert.Single(fake.Driver.Calls, "cuMemFree_v2");
    }

    [Fact]
    public void CopyFrom_DeviceMemory_Copies()
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> source = fake.Context.Allocate([1, 2]);
        using DeviceMemory<int> destination = fake.Context.Allocate<int>(2);
        destination.CopyFrom(source);
        Assert.Equal([1, 2], destination.ToArray());
        Assert.Throws<ArgumentException>("source", () => destination.Slice(1).CopyFrom(source));
    }

    [Fact]
    public void Fill_EverySize_SetsEveryElement()
    {
        using var fake = new FakeSession();
        AssertFilled(fake, (byte)7, "cuMemsetD8Async");
        AssertFilled(fake, (short)-7, "cuMemsetD16Async");
        AssertFilled(fake, 1.5f, "cuMemsetD32Async");
        AssertFilled(fake, 1.5, "cuMemcpyDtoDAsync_v2");
        AssertFilled(fake, (1, 2, 3), "cuMemcpyDtoDAsync_v2");
    }

    [Fact]
    public void Clear_Memory_IsZero()
    {
        using var fake = new FakeSession();
        using DeviceMemory<long> memory = fake.Context.Allocate([1L, 2L]);
        memory.Clear();
        Assert.Equal([0L, 0L], memory.ToArray());
    }

    [Fact]
    public async Task CopyAsync_ThereAndBack_KeepsElements()
    {
        using var fake = new FakeSession();
        using CudaStream stream = fake.Context.CreateStream();
        using DeviceMemory<int> memory = fake.Context.Allocate<int>(3);
        int[] back = new int[3];
        await memory.CopyFromAsync(new[] { 1, 2, 3 }, stream);
        await memory.CopyToAsync(back, stream);
        Assert.Equal([1, 2, 3], back);
        Assert.Equal(2, fake.Driver.Calls.Count(call => call == "cuEventDestroy_v2"));
    }

    [Fact]
    public async Task CopyAsync_Cancelled_StopsWaitingAndKeepsThePin()
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> memory = fake.Context.Allocate<int>(3);
        using var cancellation = new CancellationTokenSource();
        var host = new CountedMemory(3);
        fake.Driver.Gate.Reset();

        Task copy = memory.CopyToAsync(host.Memory, cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => copy);
        Assert.Equal(1, host.Pins);

        fake.Driver.Gate.Set();
        await host.Unpinned;
        Assert.Equal(0, host.Pins);
    }

    [Fact]
    public void CopyAsync_Refused_ThrowsAndUnpins()
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> memory = fake.Context.Allocate<int>(3);
        var host = new CountedMemory(3);
        fake.Driver.Fail("cuMemcpyDtoHAsync_v2", CUresult.CUDA_ERROR_INVALID_VALUE);
        var failure = Assert.Throws<CudaException>(() => { _ = memory.CopyToAsync(host.Memory); });
        Assert.Equal("cuMemcpyDtoHAsync_v2", failure.Function);
        Assert.Equal(0, host.Pins);
    }

    [Fact]
    public void CopyAsync_MarkFails_WaitsForTheStreamBeforeUnpinning()
    {
        using var fake = new FakeSession();
        using DeviceMemory<int> memory = fake.Context.Allocate<int>(3);
        var host = new CountedMemory(3);
        fake.Driver.Fail("cuEventRecord", CUresult.CUDA_ERROR_LAUNCH_FAILED);
        Assert.Throws<CudaException>(() => { _ = memory.CopyToAsync(host.Memory); });
        Assert.Equal(["cuEventRecord", "cuStreamSynchronize", "cuEventDestroy_v2"], fake.Driver.Calls[^3..]);
        Assert.Equal(0, host.Pins);
    }

    private static void AssertFilled<T>(FakeSession fake, T value, string function) where T : unmanaged
    {
        fake.Driver.ForgetCalls();
        using DeviceMemory<T> memory = fake.Context.Allocate<T>(5);
        memory.Fill(value);
        Assert.Equal(Enumerable.Repeat(value, 5), memory.ToArray());
        Assert.Contains(function, fake.Driver.Calls);
    }

    /// <summary>Counts its pins.</summary>
    private sealed class CountedMemory(int length) : MemoryManager<int>
    {
        private readonly int[] _array = GC.AllocateArray<int>(length, pinned: true);
        private readonly TaskCompletionSource _unpinned = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _pins;

        public int Pins => Volatile.Read(ref _pins);

        public Task Unpinned => _unpinned.Task;

        public override Span<int> GetSpan() => _array;

        public override unsafe MemoryHandle Pin(int elementIndex = 0)
        {
            Interlocked.Increment(ref _pins);
            fixed (int* address = _array) return new MemoryHandle(address + elementIndex, pinnable: this);
        }

        public override void Unpin()
        {
            if (Interlocked.Decrement(ref _pins) == 0) _unpinned.TrySetResult();
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
