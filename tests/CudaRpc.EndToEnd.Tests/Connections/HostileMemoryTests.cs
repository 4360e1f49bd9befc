using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;
using CudaRpc.Transport.SharedMemory;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>A peer that writes what it likes into the memory that it shares, while calls are under way.</summary>
public sealed unsafe class HostileMemoryTests(ITestOutputHelper output)
{
    private const int Seed = 20261128;
    private const int Rounds = 30;
    private const int Strokes = 3000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ClientThatScribbles_EndsItsOwnSession_AndTheServerServesOthers(bool plausible)
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver witness = server.Connect(TestServer.Shm);
        witness.CreateContext();
        int noticed = 0;
        for (int round = 0; round < Rounds; round++)
        {
            using (var session = new RawSession(server.ShmUrl))
            {
                Connection victim = (round % 4 == 0 ? session.Control : session.Lane).Connection;
                var caller = new Worker(() => noticed += Try(() =>
                {
                    while (true)
                    {
                        session.IsAlive();
                    }
                }));
                Scribble(victim, new Random(Seed + round), plausible);
                session.Lane.Connection.Abort();
                caller.Ends();
            }

            Cuda.Ok(witness.cuCtxSynchronize());
        }

        Condition.Becomes(1, () => server.Server.Usage.Sessions);
        output.WriteLine($"seed {Seed}: {Rounds} sessions; {noticed} calls failed otherwise than by the end");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ServerThatScribbles_IsLost_AndNoThreadOfTheProgramHangs(bool plausible)
    {
        for (int round = 0; round < Rounds; round++)
        {
            int seed = Seed + round;
            using var server = new HostileServer(TestServer.Shm, connection =>
            {
                FrameReader reader = HostileServer.Greet(connection, out bool isLane);
                if (isLane)
                {
                    var scribbler = new Worker(() => Scribble(connection, new Random(seed), plausible));
                    try
                    {
                        Answer(connection, reader);
                    }
                    finally
                    {
                        connection.Abort();
                        scribbler.Ends();
                    }
                }
                else
                {
                    reader.Read(out _);
                }
            });
            var log = new CollectingLogger();
            using var driver = new RemoteDriver(Session.Connect(server.Url, new SessionOptions { Logger = log }));
            Worker[] callers = Worker.Start(2, _ =>
            {
                CUresult result;
                do
                {
                    result = driver.cuCtxSynchronize();
                }
                while (result != CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE);
            });

            Array.ForEach(callers, static caller => caller.Ends());
            log.ExpectNoBugs();
        }
    }

    [Fact]
    public void Bytes_ThatComeAfterTheEndHere_AreNotTaken()
    {
        using var link = new Link(TestServer.Shm);
        SharedSegment segment = ((SharedMemoryConnection)link.Client).Segment;
        link.Server.Abort();

        // The memory is still there for a peer that does not look whether it is closed.
        Volatile.Write(ref segment.Words(0)->Head, 100);

        Assert.Equal(0, link.Server.Receive(new byte[8]));
        Assert.Equal(0, link.Server.TryReceive(new byte[8]));
        link.Server.Peek(8, out int there);
        Assert.Equal(0, there);
    }

    // Success to every call, as a server would answer.
    private static void Answer(Connection connection, FrameReader reader)
    {
        while (reader.Read(out FrameHeader header))
        {
            connection.Send(RawPeer.Frame(header.CallId, header.Sequence, [0], FrameFlags.Reply), default);
        }
    }

    // Over all of the memory; or only the positions, to others that could be right.
    private static void Scribble(Connection connection, Random random, bool plausible)
    {
        SharedSegment segment = ((SharedMemoryConnection)connection).Segment;
        bool held = false;
        try
        {
            segment.DangerousAddRef(ref held);
            for (int stroke = 0; stroke < Strokes; stroke++)
            {
                if (plausible)
                {
                    RingWords* words = segment.Words(random.Next(2));
                    if (random.Next(3) == 0)
                    {
                        // What the consumer may take for bytes that have come.
                        random.NextBytes(new Span<byte>(words->InlineBytes, RingWords.MostInline));
                        ulong tail = Volatile.Read(ref words->Tail) + (ulong)random.Next(200);
                        Volatile.Write(ref words->Inline, RingWords.InlineAt(tail, random.Next(RingWords.MostInline + 20)));
                        // And for posts, of which it lets more gather, for as long as this says.
                        Volatile.Write(ref words->Posted, tail);
                        Volatile.Write(ref words->Hurry, (ulong)random.NextInt64());
                    }

                    ref ulong position = ref random.Next(2) == 0 ? ref words->Head : ref words->Tail;
                    Volatile.Write(ref position, Volatile.Read(ref position) + (ulong)random.Next(-200, 200));
                    Thread.SpinWait(random.Next(50));
                }
                else
                {
                    // SAFETY: the first ring's words are at the segment's start; the reference keeps it mapped.
                    byte* start = (byte*)segment.Words(0) + random.NextInt64(stroke % 2 == 0 ? 1024 : segment.Bytes - 1024);
                    random.NextBytes(new Span<byte>(start, 1024));
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The other end has been quicker.
        }
        finally
        {
            if (held)
            {
                segment.DangerousRelease();
            }

            connection.Abort();
        }
    }

    private static int Try(Action action)
    {
        Exception? failure = Record.Exception(action);
        return failure is IOException ? 0 : 1;
    }
}
