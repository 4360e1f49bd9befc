using System.Security.Cryptography;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>What <see cref="Connection"/> promises, over everything that is one.</summary>
public sealed class ContractTests
{
    private const int Seed = 20261128;

    public static TheoryData<string> Transports => Link.All;

    [Theory]
    [MemberData(nameof(Transports))]
    public void Bytes_OfAnySizes_ArriveInOrder(string transport)
    {
        using var link = new Link(transport);
        byte[] bytes = new byte[8 << 20];
        new Random(Seed).NextBytes(bytes);
        var sender = new Worker(() =>
        {
            var random = new Random(Seed + 1);
            for (int sent = 0; sent < bytes.Length;)
            {
                int first = random.Next(Math.Min(bytes.Length - sent, 3000) + 1);
                int second = random.Next(Math.Min(bytes.Length - sent - first, random.Next(10) == 0 ? 1 << 20 : 3000) + 1);
                link.Client.Send(bytes.AsSpan(sent, first), bytes.AsSpan(sent + first, second));
                sent += first + second;
                if (random.Next(3) == 0)
                {
                    sent += link.Client.TrySend(bytes.AsSpan(sent, random.Next(Math.Min(bytes.Length - sent, 5000) + 1)));
                }
            }
        });

        byte[] received = new byte[bytes.Length];
        var sizes = new Random(Seed + 2);
        for (int done = 0; done < received.Length;)
        {
            int size = sizes.Next(1, Math.Min(received.Length - done, sizes.Next(10) == 0 ? 1 << 20 : 2000) + 1);
            int step = link.Server.Receive(received.AsSpan(done, size));
            Assert.NotEqual(0, step);
            done += step;
        }

        sender.Ends();
        Assert.True(bytes.AsSpan().SequenceEqual(received));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Posts_AmidWhatIsSent_ArriveInOrder(string transport)
    {
        using var link = new Link(transport);
        byte[] bytes = new byte[8 << 20];
        new Random(Seed).NextBytes(bytes);
        int posts = 0;
        bool isRefused = false;
        using var refused = new ManualResetEvent(false);
        var sender = new Worker(() =>
        {
            var random = new Random(Seed + 1);
            for (int sent = 0; sent < bytes.Length;)
            {
                int first = random.Next(Math.Min(bytes.Length - sent, 500) + 1);
                int second = random.Next(Math.Min(bytes.Length - sent - first, random.Next(10) == 0 ? 64 << 10 : 500) + 1);
                // Until there is no room, because the other end does not read yet; then amid what is sent.
                if ((!isRefused || random.Next(10) > 0) && link.Client.TryPost(bytes.AsSpan(sent, first), bytes.AsSpan(sent + first, second), out _))
                {
                    posts++;
                }
                else
                {
                    isRefused = true;
                    refused.Set();
                    link.Client.Send(bytes.AsSpan(sent, first), bytes.AsSpan(sent + first, second));
                }

                sent += first + second;
            }
        });

        Condition.IsSet(refused, "a post without room");
        byte[] received = new byte[bytes.Length];
        Link.ReceiveAll(link.Server, received);
        sender.Ends();

        Assert.True(bytes.AsSpan().SequenceEqual(received));
        Assert.Equal(link.Client.TakesPosts, posts > 0);
    }

    [Fact]
    public void Post_ToAPeerThatHasClosed_IsRefused()
    {
        using var link = new Link(TestServer.Shm);
        link.Server.Dispose();

        Assert.Throws<IOException>(() => link.Client.TryPost([1], [2, 3], out _));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void TryReceive_TakesWhatIsThere_AndSaysWhereNothingIs(string transport)
    {
        using var link = new Link(transport);
        byte[] received = new byte[8];
        Assert.Equal(-1, link.Server.TryReceive(received));
        link.Client.Send([1, 2], [3]);
        int count = -1;
        Condition.Becomes(true, () => count > 0 || (count = link.Server.TryReceive(received)) > 0);
        Assert.Equal(3, count);
        Assert.Equal([1, 2, 3], received[..3]);
        Assert.Equal(-1, link.Server.TryReceive(received));

        link.Client.Dispose();

        Condition.Becomes(0, () => link.Server.TryReceive(received));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void LargeTransfers_InBothDirectionsAtOnce_ArriveWhole(string transport)
    {
        using var link = new Link(transport);
        byte[] bytes = new byte[48 << 20];
        new Random(Seed).NextBytes(bytes);
        byte[] expected = SHA256.HashData(bytes);

        Worker[] workers = Worker.Start(4, index =>
        {
            Connection end = index % 2 == 0 ? link.Client : link.Server;
            if (index < 2)
            {
                end.Send(bytes.AsSpan(0, 100), bytes.AsSpan(100));
                return;
            }

            byte[] received = new byte[bytes.Length];
            Link.ReceiveAll(end, received);
            Assert.Equal(expected, SHA256.HashData(received));
        });

        Array.ForEach(workers, static worker => worker.Ends());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void PeerThatDoesNotRead_TakesABoundedAmount_AndTheRestOnceItReads(string transport)
    {
        using var link = new Link(transport);
        long filled = Link.Fill(link.Client);
        bool reading = false;
        bool sentTooEarly = false;
        var sender = new Worker(() =>
        {
            link.Client.Send(new byte[8 << 20], default);
            sentTooEarly = !Volatile.Read(ref reading);
        });

        Assert.InRange(filled, 1, 64 << 20);
        Volatile.Write(ref reading, true);
        Link.ReceiveAll(link.Server, new byte[filled + (8 << 20)]);
        sender.Ends();
        Assert.False(sentTooEarly);
        Assert.Equal(1, link.Client.TrySend([1]));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void NoBytes_SendNothing(string transport)
    {
        using var link = new Link(transport);
        byte[] two = new byte[2];

        link.Client.Send(default, default);
        Assert.Equal(0, link.Client.TrySend(default));
        link.Client.Send(default, [1]);
        link.Client.Send([2], default);

        Link.ReceiveAll(link.Server, two);
        Assert.Equal([1, 2], two);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void PeerThatHasClosed_IsReadToTheEnd_ThenReceives0_ThenCannotBeSentTo(string transport)
    {
        using var link = new Link(transport);
        byte[] bytes = new byte[5];
        link.Server.Send([1, 2, 3, 4, 5], default);

        link.Server.Dispose();

        Link.ReceiveAll(link.Client, bytes);
        Assert.Equal([1, 2, 3, 4, 5], bytes);
        Assert.Equal(0, link.Client.Receive(bytes));
        Assert.Equal(0, link.Client.Receive(bytes));
        // A socket says so when the peer's machine has answered.
        Assert.Throws<IOException>(() => SendForEver(link.Client));
        Assert.Throws<IOException>(() => link.Client.TrySend([1]));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void PeerThatDrainsAndCloses_IsReadToTheEnd_ThoughItWasSentToBehindThat(string transport)
    {
        using var link = new Link(transport);
        long filled = Link.Fill(link.Client);
        var closer = new Worker(() =>
        {
            link.Client.Drain();
            link.Client.Dispose();
        });

        // Time to close too early, for one that does not wait.
        SpinWait.SpinUntil(() => !closer.IsRunning, TimeSpan.FromMilliseconds(100));
        Exception? refused = Record.Exception(() => link.Server.Send([1], default));

        Assert.True(refused is null or IOException);
        Link.ReceiveAll(link.Server, new byte[filled]);
        closer.Ends();
    }

    [Fact]
    public void Drain_OfWhatAPeerDoesNotRead_EndsWithTheDeadline()
    {
        using var link = new Link(TestServer.Tcp);
        Link.Fill(link.Client);

        link.Client.Deadline = Environment.TickCount64 + 50;
        long began = Environment.TickCount64;
        link.Client.Drain();

        Assert.InRange(Environment.TickCount64 - began, 50, (long)Condition.Deadline.TotalMilliseconds);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void PeerThatCloses_WakesBlockedSenderAndReceiver(string transport)
    {
        using var link = new Link(transport);
        Link.Fill(link.Client);
        var sender = new Worker(() => Assert.Throws<IOException>(() => link.Client.Send(new byte[64 << 20], default)));
        var receiver = new Worker(() => ExpectEnd(link.Client));

        link.Server.Dispose();

        sender.Ends();
        receiver.Ends();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Abort_FromAnotherThread_EndsSenderAndReceiver_AndThePeersToo(string transport)
    {
        for (int round = 0; round < 20; round++)
        {
            using var link = new Link(transport);
            if (round % 2 == 0)
            {
                Link.Fill(link.Client);
            }

            Worker[] workers =
            [
                new(() => Assert.Throws<IOException>(() => SendForEver(link.Client))),
                new(() => ExpectEnd(link.Client)),
                new(() => ExpectEnd(link.Server)),
            ];

            link.Client.Abort();

            Array.ForEach(workers, static worker => worker.Ends());
            Assert.Throws<IOException>(() => link.Client.Send([1], default));
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Dispose_UnderThreadsThatAreInside_EndsThem(string transport)
    {
        for (int round = 0; round < 20; round++)
        {
            using var link = new Link(transport);
            var sender = new Worker(() => ExpectGone(() => SendForEver(link.Client)));
            var receiver = new Worker(() => ExpectGone(() => ExpectEnd(link.Client)));
            var reader = new Worker(() => ExpectEnd(link.Server));

            link.Client.Abort();
            link.Client.Dispose();
            link.Client.Dispose();

            sender.Ends();
            receiver.Ends();
            reader.Ends();
        }
    }

    // They are out and in again at every moment, and find the end in each of their steps.
    [Theory]
    [MemberData(nameof(Transports))]
    public void Dispose_UnderThreadsWithSmallMessages_EndsThem(string transport)
    {
        var random = new Random(Seed);
        for (int round = 0; round < 200; round++)
        {
            using var link = new Link(transport);
            using var begun = new CountdownEvent(2);
            var echo = new Worker(() => ExpectGone(() => Echo(link.Server)));
            var sender = new Worker(() => ExpectGone(() => Often(begun, () => Send(link.Client))));
            var receiver = new Worker(() => ExpectGone(() => Often(begun, () => link.Client.TryReceive(new byte[8]))));
            Condition.IsSet(begun.WaitHandle, "messages");
            Thread.SpinWait(random.Next(3000));

            link.Client.Abort();
            link.Client.Dispose();

            sender.Ends();
            receiver.Ends();
            echo.Ends();
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Deadline_ThatHasPassed_EndsWaits_AndNothingElse(string transport)
    {
        using var link = new Link(transport);
        long filled = Link.Fill(link.Client);

        link.Client.Deadline = Environment.TickCount64;
        var receiving = Assert.Throws<IOException>(() => link.Client.Receive(new byte[1]));
        var sending = Assert.Throws<IOException>(() => link.Client.Send(new byte[64 << 20], default));
        Assert.Contains("in time", receiving.Message, StringComparison.Ordinal);
        Assert.Contains("in time", sending.Message, StringComparison.Ordinal);

        link.Client.Deadline = long.MaxValue;
        link.Server.Send([7], default);
        byte[] one = new byte[1];
        Assert.Equal((1, 7), (link.Client.Receive(one), one[0]));
        Link.ReceiveAll(link.Server, new byte[filled]);
    }

    private static int Send(Connection connection)
    {
        connection.Send([1], [2]);
        return 1;
    }

    private static void Echo(Connection connection)
    {
        byte[] bytes = new byte[8];
        while (connection.Receive(bytes) is var received and > 0)
        {
            connection.Send(bytes.AsSpan(0, received), default);
        }
    }

    // Until it throws, or says that the peer has closed.
    private static void Often(CountdownEvent begun, Func<int> step)
    {
        step();
        begun.Signal();
        while (step() != 0)
        {
        }
    }

    private static void SendForEver(Connection connection)
    {
        byte[] bytes = new byte[1 << 20];
        while (true)
        {
            connection.Send(bytes, default);
        }
    }

    private static void ExpectEnd(Connection connection)
    {
        try
        {
            byte[] bytes = new byte[1 << 20];
            while (connection.Receive(bytes) > 0)
            {
            }
        }
        catch (IOException)
        {
            // As good as 0.
        }
    }

    private static void ExpectGone(Action action)
    {
        Exception? failure = Record.Exception(action);
        Assert.True(failure is null or IOException or ObjectDisposedException, failure?.ToString());
    }
}
