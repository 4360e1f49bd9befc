using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>Bytes that are used where they are, in the memory that two ends share.</summary>
public sealed unsafe class InPlaceTests
{
    private const int Seed = 20261128;
    private const int MemoryBytes = 3 << 20;

    [Fact]
    public void Bytes_ReservedAndPeekedAtInPiecesOfAnySize_ArriveInOrder()
    {
        using var link = new Link(TestServer.Shm);
        byte[] bytes = new byte[16 << 20];
        new Random(Seed).NextBytes(bytes);
        var sender = new Worker(() =>
        {
            var random = new Random(Seed + 1);
            for (int sent = 0; sent < bytes.Length;)
            {
                int before = Math.Min(bytes.Length - sent, random.Next(100));
                byte* room = link.Client.Reserve(before, bytes.Length - sent - before, out int length);
                if (random.Next(4) == 0)
                {
                    // Not taken: nothing of it may be seen.
                    new Span<byte>(room, length).Fill(0xff);
                    continue;
                }

                int taken = random.Next(length + 1);
                bytes.AsSpan(sent + before, taken).CopyTo(new Span<byte>(room, length));
                link.Client.Commit(bytes.AsSpan(sent, before), taken);
                sent += before + taken;
            }
        });

        byte[] received = new byte[bytes.Length];
        var sizes = new Random(Seed + 2);
        for (int done = 0; done < received.Length;)
        {
            int wanted = sizes.Next(1, received.Length - done + 1);
            byte* place = link.Server.Peek(sizes.Next(3) == 0 ? wanted : Math.Min(wanted, 5000), out int there);
            Assert.NotEqual(0, there);
            int taken = sizes.Next(there + 1);
            new ReadOnlySpan<byte>(place, taken).CopyTo(received.AsSpan(done));
            link.Server.Advance(taken);
            done += taken;
        }

        sender.Ends();
        Assert.True(bytes.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public void Peek_AtAPeerThatHasClosed_ShowsTheRest_ThenNothing()
    {
        using var link = new Link(TestServer.Shm);
        link.Client.Send([1, 2, 3], default);
        link.Client.Dispose();

        byte* place = link.Server.Peek(1000, out int there);

        Assert.Equal([1, 2, 3], new ReadOnlySpan<byte>(place, there).ToArray());
        link.Server.Advance(there);
        link.Server.Peek(1000, out there);
        Assert.Equal(0, there);
    }

    [Fact]
    public void Reserve_AtAPeerThatDoesNotRead_Waits_AndEndsWithThePeer()
    {
        using var link = new Link(TestServer.Shm);
        Link.Fill(link.Client);
        var sender = new Worker(() => Assert.Throws<IOException>(() => link.Client.Reserve(32, 1 << 20, out _)));

        link.Server.Dispose();

        sender.Ends();
    }

    [Theory]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void Copies_OfAnySize_AreWhole(string transport)
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = server.Connect(transport);
        driver.CreateContext();
        CUdeviceptr memory = driver.Allocate(MemoryBytes);
        var random = new Random(Seed);
        for (int round = 0; round < 60; round++)
        {
            byte[] sent = new byte[round % 3 == 0 ? random.Next(1, MemoryBytes) : random.Next(1, 200_000)];
            byte[] received = new byte[sent.Length];
            random.NextBytes(sent);
            fixed (byte* from = sent, to = received)
            {
                Cuda.Ok(driver.cuMemcpyHtoD_v2(memory, from, (nuint)sent.Length));
                Cuda.Ok(driver.cuMemcpyDtoH_v2(to, memory, (nuint)sent.Length));
            }

            Assert.True(sent.AsSpan().SequenceEqual(received));
        }
    }

    [Theory]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void CopyToTheHost_ThatFailsHalfWay_SaysSo_AndTheLaneGoesOn(string transport)
    {
        int pieces = 0;
        using var server = new TestServer(() => new OwnFakeDriver
        {
            Hook = name => name is nameof(CudaDriver.cuMemcpyDtoH_v2) or nameof(CudaDriver.cuMemcpyDtoHAsync_v2) && ++pieces == 2
                ? CUresult.CUDA_ERROR_LAUNCH_FAILED
                : CUresult.CUDA_SUCCESS,
        });
        using RemoteDriver driver = server.Connect(transport);
        driver.CreateContext();
        const int Bytes = 6 << 20;
        CUdeviceptr memory = driver.Allocate(Bytes);
        byte[] bytes = new byte[Bytes];
        fixed (byte* to = bytes)
        {
            Assert.Equal(CUresult.CUDA_ERROR_LAUNCH_FAILED, driver.cuMemcpyDtoH_v2(to, memory, Bytes));
            Cuda.Ok(driver.cuMemcpyDtoH_v2(to, memory, Bytes));
        }
    }
}
