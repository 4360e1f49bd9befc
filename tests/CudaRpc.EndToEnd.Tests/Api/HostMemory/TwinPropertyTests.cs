using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>Random changes on both sides at once: neither loses a byte to the other.</summary>
public sealed unsafe class TwinPropertyTests(ServerProcess server) : IClassFixture<ServerProcess>
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ProgramAndKernels_ChangingNeighbouringBytes_BothKeepTheirs(int seed)
    {
        using var stage = new Stage(server);
        var random = new Random(seed);
        const int Blocks = 3, Bytes = 40_000;
        byte*[] memory = new byte*[Blocks];
        byte[][] model = new byte[Blocks][];
        for (int block = 0; block < Blocks; block++)
        {
            memory[block] = stage.Allocate((HostKind)random.Next(5), Bytes);
            model[block] = new byte[Bytes];
        }

        for (int round = 0; round < 60; round++)
        {
            // Kernels get the bytes of one remainder modulo the stride, the program the others, before and after the launches.
            int stride = random.Next(2, 9);
            int mine = random.Next(stride);
            ChangeByProgram(stride, mine);
            for (int launch = 0; launch < random.Next(1, 4); launch++)
            {
                int block = random.Next(Blocks);
                int start = (random.Next(Bytes / 2) / stride * stride) + mine;
                int count = random.Next((Bytes - start) / stride);
                uint value = (uint)random.Next(1, 255);
                Cuda.Ok(stage.Add(memory[block] + start, (uint)count, (uint)stride, value));
                for (int index = 0; index < count; index++)
                {
                    model[block][start + (index * stride)] += (byte)value;
                }

                ChangeByProgram(stride, mine);
            }

            if (random.Next(3) > 0)
            {
                stage.Synchronize();
                Compare();
            }
            else
            {
                // What kernels write next is not theirs before they have been waited for.
                stage.Synchronize();
            }
        }

        Compare();

        void ChangeByProgram(int stride, int theirs)
        {
            for (int change = random.Next(200); change > 0; change--)
            {
                int block = random.Next(Blocks);
                int at = random.Next(Bytes);
                if (at % stride != theirs)
                {
                    memory[block][at] = model[block][at] = (byte)random.Next(256);
                }
            }
        }

        void Compare()
        {
            for (int block = 0; block < Blocks; block++)
            {
                Assert.Equal(-1, FirstDifference(new ReadOnlySpan<byte>(memory[block], Bytes), model[block]));
            }
        }
    }

    [Fact]
    public void ManyThreads_EachWithItsBytes_SeeTheirOwnResults()
    {
        using var stage = new Stage(server);
        const int Threads = 4, Bytes = 20_000;
        byte* memory = stage.Allocate(HostKind.Mapped, Bytes);
        nint[] memories = [(nint)memory];
        CUcontext context = stage.Context;
        Worker[] workers = [.. Enumerable.Range(0, Threads).Select(thread => new Worker(() =>
        {
            Cuda.Ok(stage.Driver.cuCtxSetCurrent(context));
            CUstream stream = stage.Driver.CreateStream();
            byte* own = (byte*)memories[0] + thread;
            for (int round = 0; round < 50; round++)
            {
                for (int at = 0; at < 1000; at++)
                {
                    own[at * Threads] = (byte)round;
                }

                Cuda.Ok(stage.Add(own, 1000, Threads, 3, stream));
                Cuda.Ok(stage.Driver.cuStreamSynchronize(stream));
                for (int at = 0; at < 1000; at++)
                {
                    Assert.Equal((byte)(round + 3), own[at * Threads]);
                }
            }
        }))];
        Array.ForEach(workers, static worker => worker.Ends());
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 4096)]
    [InlineData(3, 100_000)]
    [InlineData(4, 5_000_000)]
    public void Changes_EncodedAndApplied_MakeTheOtherSideTheSame(int seed, int length)
    {
        var random = new Random(seed);
        byte[] memory = new byte[length], copy = new byte[length], other = new byte[length], otherCopy = new byte[length];
        byte[] output = new byte[seed % 2 == 0 ? MemoryChanges.Piece : 10_000];
        for (int round = 0; round < 30; round++)
        {
            for (int change = random.Next(50); change > 0; change--)
            {
                int start = random.Next(length);
                int step = random.Next(1, 5);
                for (int at = start; at < Math.Min(length, start + random.Next(20_000)); at += step)
                {
                    memory[at] = (byte)random.Next(256);
                }
            }

            fixed (byte* from = memory, fromCopy = copy, to = other, toCopy = otherCopy)
            {
                for (nuint position = 0; position < (nuint)length;)
                {
                    nuint offset = position;
                    int written = MemoryChanges.Encode(from, fromCopy, (nuint)length, ref position, output);
                    MemoryChanges.Apply(to, toCopy, (nuint)length, offset, output.AsSpan(0, written));
                }
            }

            Assert.Equal(-1, FirstDifference(memory, other));
            Assert.Equal(-1, FirstDifference(memory, copy));
            Assert.Equal(-1, FirstDifference(memory, otherCopy));
        }
    }

    [Fact]
    public void Changes_ThatAreRubbish_AreRefusedAndTouchNothingOutside()
    {
        var random = new Random(5);
        byte[] memory = new byte[3000], copy = new byte[3000];
        int refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] rubbish = new byte[random.Next(1, 60)];
            random.NextBytes(rubbish);
            fixed (byte* to = memory, toCopy = copy)
            {
                try
                {
                    MemoryChanges.Apply(to + 1000, toCopy + 1000, 1000, (ulong)random.NextInt64(0, 1100), rubbish);
                }
                catch (ProtocolException)
                {
                    refused++;
                }
            }
        }

        Assert.True(refused > 1000);
        Assert.Equal(-1, memory.AsSpan(0, 1000).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, memory.AsSpan(2000).IndexOfAnyExcept((byte)0));
    }

    private static int FirstDifference(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int same = left.CommonPrefixLength(right);
        return same == left.Length ? -1 : same;
    }
}
