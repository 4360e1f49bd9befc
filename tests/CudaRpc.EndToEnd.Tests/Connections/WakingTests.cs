using CudaRpc.Transport;
using CudaRpc.Transport.SharedMemory;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>Whoever sleeps for what comes is woken by it, whichever way it is sent.</summary>
public sealed unsafe class WakingTests
{
    private const int Seed = 20261128;
    private const int Rounds = 10_000;

    /// <summary>Every transport, and whether the ends send by <see cref="Connection.SendBeforeReceive"/>.</summary>
    public static TheoryData<string, bool> Ways
    {
        get
        {
            var ways = new TheoryData<string, bool>();
            foreach (string transport in (string[])[TestServer.Tcp, Link.Tcp6, TestServer.Unix, TestServer.Shm])
            {
                ways.Add(transport, false);
                ways.Add(transport, true);
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void RoundTrips_WithAndWithoutSleep_LoseNothing(string transport, bool beforeReceive)
    {
        using var link = new Link(transport);
        var echo = new Worker(() =>
        {
            byte[] bytes = new byte[1 + byte.MaxValue];
            while (link.Server.Receive(bytes.AsSpan(0, 1)) > 0)
            {
                Link.ReceiveAll(link.Server, bytes.AsSpan(1, bytes[0]));
                Send(link.Server, bytes.AsSpan(0, 1 + bytes[0]), beforeReceive);
            }
        });
        link.Client.Deadline = Environment.TickCount64 + (long)Condition.Deadline.TotalMilliseconds;
        var random = new Random(Seed);
        byte[] bytes = new byte[1 + byte.MaxValue];
        byte[] answer = new byte[1 + byte.MaxValue];
        for (int round = 0; round < Rounds; round++)
        {
            random.NextBytes(bytes);
            // Lengths around what lies beside a ring's position, pauses around the time after which the peer stops spinning.
            int length = random.Next(1, 120);
            bytes[0] = (byte)(length - 1);
            Thread.SpinWait(random.Next(4) == 0 ? random.Next(4000) : 0);
            Send(link.Client, bytes.AsSpan(0, length), beforeReceive);
            Link.ReceiveAll(link.Client, answer.AsSpan(0, length));
            Assert.True(bytes.AsSpan(0, length).SequenceEqual(answer.AsSpan(0, length)));
        }

        link.Client.Abort();
        echo.Ends();
    }

    [Fact]
    public void Post_ToAPeerThatWaits_WakesItWhereItSleeps()
    {
        using var link = new Link(TestServer.Shm);
        int woken = 0, awake = 0;
        var receiver = new Worker(() =>
        {
            byte[] received = new byte[3];
            while (link.Server.Receive(received) > 0)
            {
                Assert.Equal([1, 2, 3], received);
                link.Server.Send(received, default);
            }
        });

        byte[] answer = new byte[3];
        for (int pause = 1; woken == 0 || awake == 0; pause = pause >= 1 << 16 ? 1 : pause * 2)
        {
            Thread.SpinWait(pause);
            Assert.True(link.Client.TryPost([1], [2, 3], out bool woke));
            (woken, awake) = woke ? (woken + 1, awake) : (woken, awake + 1);
            Link.ReceiveAll(link.Client, answer);
        }

        link.Client.Dispose();
        receiver.Ends();
    }

    [Fact]
    public void PeerThatSleeps_IsWokenByWhatIsSentBeforeAReceive()
    {
        using var link = new Link(TestServer.Shm);
        RingWords* words = Words(link);
        Volatile.Write(ref words->Consumer, RingState.Sleeps);

        link.Client.SendBeforeReceive([1, 2, 3]);

        Assert.Equal(RingState.Awake, Volatile.Read(ref words->Consumer));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PeerThatFallsAsleepUnseen_IsWokenByRouse_OrByTheReceiving(bool byReceiving)
    {
        using var link = new Link(TestServer.Shm);
        RingWords* words = FallAsleepUnseen(link);
        var receiver = new Worker(() =>
        {
            if (byReceiving)
            {
                Link.ReceiveAll(link.Client, new byte[1]);
            }
            else
            {
                link.Client.Rouse();
            }
        });

        Condition.Becomes(RingState.Awake, () => Volatile.Read(ref words->Consumer));
        link.Server.Send([4], default);
        receiver.Ends();
    }

    [Fact]
    public void PeerThatFallsAsleepUnseen_IsWokenByASendThatWritesNothing()
    {
        using var link = new Link(TestServer.Shm);
        RingWords* words = FallAsleepUnseen(link);

        // As a writer that waits for room, which goes on to sleep.
        Assert.Equal(0, link.Client.TrySend(default));

        Assert.Equal(RingState.Awake, Volatile.Read(ref words->Consumer));
    }

    private static void Send(Connection connection, ReadOnlySpan<byte> bytes, bool beforeReceive)
    {
        if (beforeReceive)
        {
            connection.SendBeforeReceive(bytes);
        }
        else
        {
            connection.Send(bytes, default);
        }
    }

    // What the server's announcement comes to that has crossed a message on its way.
    private static RingWords* FallAsleepUnseen(Link link)
    {
        RingWords* words = Words(link);
        link.Client.SendBeforeReceive([1, 2, 3]);
        Volatile.Write(ref words->Consumer, RingState.Sleeps);
        return words;
    }

    // Of the ring to the server.
    private static RingWords* Words(Link link) => ((SharedMemoryConnection)link.Client).Segment.Words(0);
}
