using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>Clients that send anything, by the hundred thousand frames, while one that behaves goes on.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Frames = 200_000;
    private const int FramesOfSession = 60;
    private const int Seed = 20261123;

    // What the sessions of the test may leave behind in the process: buffers, thread stacks, the collector's slack.
    private const long MemoryGrowth = 512L << 20;

    [Fact]
    public void Server_MutatedFrames_ServesOthersAndReturnsToIdle()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver witness = server.Connect();
        witness.CreateContext();
        Cuda.Ok(witness.cuCtxSynchronize());
        long memoryBefore = Environment.WorkingSet;
        var random = new Random(Seed);
        int sent = 0;
        int sessions = 0;
        int disconnected = 0;
        while (sent < Frames)
        {
            using (var session = new RawSession(server.UnixUrl))
            {
                sessions++;
                disconnected += Attack(session, random, ref sent) ? 1 : 0;
            }

            if (sessions % 100 == 0)
            {
                Cuda.Ok(witness.cuCtxSynchronize());
            }
        }

        Cuda.Ok(witness.cuCtxSynchronize());
        Condition.Becomes(1, () => server.Server.Usage.Sessions);
        witness.Dispose();
        server.BecomesIdle();
        long growth = Environment.WorkingSet - memoryBefore;
        output.WriteLine($"seed {Seed}: {sent} frames in {sessions} sessions, {disconnected} disconnected while sending, {growth >> 20} MiB more memory");
        Assert.True(growth < MemoryGrowth, $"{growth} bytes more memory");
    }

    // True if the server hung up before all was sent.
    private static bool Attack(RawSession session, Random random, ref int sent)
    {
        try
        {
            for (int frame = 0; frame < FramesOfSession; frame++)
            {
                sent++;
                session.Lane.Send(random.Next(20) == 0 ? Noise(random) : Mutated(session, random));
            }

            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static byte[] Noise(Random random)
    {
        byte[] noise = new byte[random.Next(1, 200)];
        random.NextBytes(noise);
        return noise;
    }

    // Mostly right, so that the decoder is reached: one call in four has a few bytes of its body changed, one in forty of its header.
    private static byte[] Mutated(RawSession session, Random random)
    {
        (uint callId, byte[] body, byte[] bulk) = Template(random);
        if (random.Next(4) == 0 && body.Length > 0)
        {
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }
        }

        FrameFlags flags = random.Next(3) == 0 ? FrameFlags.None : FrameFlags.Posted;
        byte[] frame = RawPeer.Frame(callId, ++session.Sequence, body, flags, (uint)random.Next(3), bulk);
        if (random.Next(40) == 0)
        {
            frame[random.Next(FrameHeader.Size)] = (byte)random.Next(256);
        }

        return frame;
    }

    private static (uint CallId, byte[] Body, byte[] Bulk) Template(Random random)
    {
        long handle = (random.NextInt64(1, 300) << 8) | (byte)random.Next(1, 10);
        int size = random.Next(1, 4000);
        byte[] bulk = new byte[size];
        return random.Next(8) switch
        {
            0 => (CallId.cuStreamCreate, RawPeer.Body((ref MessagePackWriter writer) =>
            {
                writer.Write(HandleId.Make(HandleKind.CUstream, random.Next(256, 10_000)));
                writer.Write(0);
            }), []),
            1 => (CallId.cuEventRecord, RawPeer.Body((ref MessagePackWriter writer) =>
            {
                writer.Write(handle);
                writer.Write(0);
            }), []),
            2 => (CallId.cuMemAlloc_v2, RawPeer.Body((ref MessagePackWriter writer) => writer.Write(random.NextInt64(1, 1 << 20))), []),
            3 => (CallId.cuMemcpyHtoD_v2, RawPeer.Body((ref MessagePackWriter writer) =>
            {
                writer.Write(random.NextInt64());
                writer.Write(size);
                writer.Write(0);
            }), bulk),
            4 => (CallId.cuModuleLoadDataEx, RawPeer.Body((ref MessagePackWriter writer) =>
            {
                writer.Write(HandleId.Make(HandleKind.CUmodule, random.Next(256, 10_000)));
                writer.Write(100);
                writer.Write(100);
                writer.Write(1);
                writer.Write(random.Next(0, 40));
                writer.Write(random.Next());
                writer.Write(size);
            }), bulk),
            5 => (CallId.cuLaunchKernel, RawPeer.Body((ref MessagePackWriter writer) =>
            {
                writer.Write(handle);
                for (int value = 0; value < 7; value++)
                {
                    writer.Write(random.Next(1, 1024));
                }

                writer.Write(0);
                writer.Write(bulk);
            }), []),
            6 => (CallId.cuCtxCreate_v2, RawPeer.Body((ref MessagePackWriter writer) =>
            {
                writer.Write(HandleId.Make(HandleKind.CUcontext, random.Next(1, 600)));
                writer.Write(0);
                writer.Write(random.Next(3));
            }), []),
            _ => (random.Next(2) == 0 ? (uint)random.Next() : CallId.cuMemsetD8_v2, RawPeer.Body((ref MessagePackWriter writer) =>
            {
                writer.Write(random.NextInt64());
                writer.Write(random.Next(256));
                writer.Write(random.Next());
            }), []),
        };
    }
}
