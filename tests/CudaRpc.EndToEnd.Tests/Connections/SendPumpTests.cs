using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>The thread that sends what was posted.</summary>
public sealed class SendPumpTests(ITestOutputHelper output)
{
    private const int Seed = 20261128;
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void PostedCall_BehindWhichNoOtherComes_Leaves(string transport)
    {
        Connection? lane = null;
        using var open = new ManualResetEvent(false);
        using var over = new ManualResetEvent(false);
        using HostileServer server = Holding(transport, over, connection =>
        {
            lane = connection;
            open.Set();
        });
        using var session = Session.Connect(server.Url);
        var random = new Random(Seed);
        byte[] arrived = new byte[1 << 10];
        int calls = 0;
        try
        {
            long until = Environment.TickCount64 + (long)s_long.TotalMilliseconds;
            do
            {
                Post(session);
                Condition.IsSet(open, "the lane");
                Assert.True(Arrives(lane!, arrived), $"call {calls} does not leave");
                calls++;
                // About as long as the thread looks for more before it sleeps.
                Thread.SpinWait(random.Next(1500));
            }
            while (Environment.TickCount64 < until);
        }
        finally
        {
            over.Set();
        }

        output.WriteLine($"{calls} calls");
    }

    [Fact]
    public void PostedCalls_OverSharedMemory_HaveLeftWhenTheyReturn()
    {
        Connection? lane = null;
        using var open = new ManualResetEvent(false);
        using var over = new ManualResetEvent(false);
        using HostileServer server = Holding(TestServer.Shm, over, connection =>
        {
            lane = connection;
            open.Set();
        });
        using var session = Session.Connect(server.Url);
        byte[] arrived = new byte[1 << 10];
        try
        {
            for (int call = 0; call < 10_000; call++)
            {
                Post(session);
                Condition.IsSet(open, "the lane");
                Assert.True(lane!.TryReceive(arrived) > 0, $"call {call} has not left");
            }
        }
        finally
        {
            over.Set();
        }
    }

    // A server that serves nothing, and leaves what its one lane brings to the test until it is over.
    private static HostileServer Holding(string transport, ManualResetEvent over, Action<Connection> hold) => new(transport, connection =>
    {
        FrameReader reader = HostileServer.Greet(connection, out bool isLane);
        if (isLane)
        {
            hold(connection);
            over.WaitOne();
        }
        else
        {
            reader.Read(out _);
        }
    });

    private static void Post(Session session)
    {
        var call = new Call(session, session.Lane, CallId.cuEventRecord);
        call.WriteHandle(0);
        call.WriteHandle(0);
        Cuda.Ok(call.Post());
    }

    // Without a system call where it is soon, so that calls follow each other as fast as they can.
    private static bool Arrives(Connection lane, byte[] bytes)
    {
        long deadline = Environment.TickCount64 + (long)Condition.Deadline.TotalMilliseconds;
        while (lane.TryReceive(bytes) < 0)
        {
            if (Environment.TickCount64 > deadline)
            {
                return false;
            }
        }

        return true;
    }
}
