using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Tests.Ptx;

using DeviceMemory = CudaRpc.Simulator.Memory.DeviceMemory; // Not the client's.

/// <summary>The simulated address space.</summary>
public sealed unsafe class DeviceMemoryTests
{
    [Fact]
    public void Allocate_GivesAlignedZeroedDisjointMemory()
    {
        using var memory = new DeviceMemory(1 << 20);
        ulong first = memory.Allocate(100, this);
        ulong second = memory.Allocate(1000, this);

        Assert.Equal(0ul, first % DeviceMemory.Alignment);
        Assert.True(second >= first + 100 + DeviceMemory.Alignment);
        Assert.True(new Span<byte>(memory.Resolve(second, 1000), 1000).IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal(512ul + 1024, memory.Used);
    }

    [Fact]
    public void Allocate_BeyondCapacity_GivesZero()
    {
        using var memory = new DeviceMemory(4096);
        Assert.Equal(0ul, memory.Allocate(0, this));
        Assert.Equal(0ul, memory.Allocate(4097, this));
        ulong all = memory.Allocate(4096, this);
        Assert.NotEqual(0ul, all);
        Assert.Equal(0ul, memory.Allocate(1, this));
        Assert.True(memory.Free(all));
        Assert.NotEqual(0ul, memory.Allocate(1, this));
    }

    [Fact]
    public void Free_TakesBasesOfLiveAllocationsOnly()
    {
        using var memory = new DeviceMemory(1 << 20);
        ulong address = memory.Allocate(1000, this);

        Assert.False(memory.Free(address + 512));
        Assert.False(memory.Free(0));
        Assert.True(memory.Free(address));
        Assert.False(memory.Free(address));
        Assert.Equal(0ul, memory.Used);
    }

    [Fact]
    public void Resolve_StaysWithinOneAllocation()
    {
        using var memory = new DeviceMemory(1 << 20);
        ulong address = memory.Allocate(100, this);
        memory.Allocate(100, this);

        Assert.True(memory.Resolve(address, 100) != null);
        Assert.True(memory.Resolve(address + 99, 1) == memory.Resolve(address, 1) + 99);
        Assert.True(memory.Resolve(address, 101) == null);
        Assert.True(memory.Resolve(address + 100, 1) == null);
        Assert.True(memory.Resolve(address - 1, 1) == null);
        Assert.True(memory.Resolve(ulong.MaxValue, 2) == null);
    }

    [Fact]
    public void Find_NamesBaseSizeAndOwner()
    {
        using var memory = new DeviceMemory(1 << 20);
        ulong address = memory.Allocate(100, this);

        Assert.True(memory.TryFind(address + 50, out Allocation? allocation));
        Assert.Equal((address, 100ul), (allocation.Base, allocation.Size));
        Assert.Same(this, allocation.Owner);
        memory.Free(address);
        Assert.False(memory.TryFind(address + 50, out _));
    }

    [Fact]
    public void Addresses_AreNotReusedAtOnce()
    {
        using var memory = new DeviceMemory(1 << 20);
        var seen = new HashSet<ulong>();
        for (int i = 0; i < 1000; i++)
        {
            ulong address = memory.Allocate(1 << 19, this);
            Assert.True(seen.Add(address));
            Assert.True(memory.Free(address));
        }
    }

    [Fact]
    public void Addresses_ComeRoundAfterTheWholeSpan()
    {
        using var memory = new DeviceMemory(1 << 30, DeviceMemory.DefaultFirstAddress, span: 1 << 20);
        ulong keep = memory.Allocate(100, this);
        var seen = new HashSet<ulong>();
        bool again = false;
        for (int i = 0; i < 100; i++)
        {
            ulong address = memory.Allocate(10_000, this);
            Assert.True(address > keep + 100);
            again |= !seen.Add(address);
            Assert.True(memory.Free(address));
        }

        Assert.True(again);
        Assert.InRange(seen.Count, 5, 20);
        Assert.True(memory.TryFind(keep, out _));
    }

    [Fact]
    public void Addresses_FillTheGapsWhenTheSpanIsUsed()
    {
        using var memory = new DeviceMemory(1 << 30, DeviceMemory.DefaultFirstAddress, span: 1 << 20);
        var live = new List<ulong>();
        for (ulong address = memory.Allocate(512, this); address != 0; address = memory.Allocate(512, this))
        {
            live.Add(address);
        }

        Assert.InRange(live.Count, 10, 16);
        memory.Free(live[3]);
        Assert.Equal(live[3], memory.Allocate(512, this));
        Assert.Equal(0ul, memory.Allocate(512, this));
    }

    [Fact]
    public void ManyAllocations_AreAllFoundAndFreed()
    {
        using var memory = new DeviceMemory(1UL << 32);
        var random = new Random(1);
        var live = new List<ulong>();
        for (int i = 0; i < 20_000; i++)
        {
            if (live.Count != 0 && random.Next(3) == 0)
            {
                int index = random.Next(live.Count);
                Assert.True(memory.Free(live[index]));
                live.RemoveAt(index);
            }
            else
            {
                ulong address = memory.Allocate((ulong)random.Next(1, 2000), this);
                *(ulong*)memory.Resolve(address, 1) = 0;
                live.Add(address);
            }
        }

        Assert.All(live, address => Assert.True(memory.TryFind(address, out Allocation? found) && found.Base == address));
        Assert.All(live, address => Assert.True(memory.Free(address)));
        Assert.Equal(0ul, memory.Used);
    }

    [Fact]
    public void Pin_KeepsFreedBytesReadable()
    {
        using var memory = new DeviceMemory(1 << 20);
        ulong address = memory.Allocate(4, this);
        int* host = (int*)memory.Resolve(address, 4);
        *host = 42;

        using (memory.Pin())
        {
            memory.Free(address);
            Assert.Equal(42, *host);
            Assert.True(memory.Resolve(address, 4) == null);
        }
    }
}
