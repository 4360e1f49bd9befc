using System.Diagnostics;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Simulator;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>Clients that end at any moment; each time the server returns to where it was.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Seed = 20261123;
    private const int Cuts = 300;
    private const int Kills = 8;

    [Theory]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void Server_ConnectionsCutAnywhere_ReturnsToIdle(string transport)
    {
        var driver = new FakeDriver();
        using var server = new TestServer(() => driver);
        var random = new Random(Seed);
        for (int cut = 0; cut < Cuts; cut++)
        {
            using (var session = new RawSession(server.Url(transport)))
            {
                byte[] stream = Conversation(session);
                session.Lane.Send(stream.AsSpan(0, random.Next(stream.Length)));
                (random.Next(2) == 0 ? session.Lane : session.Control).Dispose();
            }
        }

        server.BecomesIdle();
        Condition.Becomes(0, () => driver.LiveHandles);
        output.WriteLine($"seed {Seed}: {Cuts} sessions cut");
    }

    [Theory]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void Server_ClientProcessKilled_ReturnsToIdle(string transport)
    {
        using var gpu = new SimulatedGpu();
        using var server = new TestServer(() => new SimulatedDriver(gpu));
        var random = new Random(Seed);
        int early = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll"));
            start.ArgumentList.Add("demo");
            start.ArgumentList.Add("--repeat");
            start.ArgumentList.Add("1000");
            start.ArgumentList.Add("--server");
            start.ArgumentList.Add(server.Url(transport).ToString());
            using Process client = Process.Start(start)!;
            Condition.Holds(() => server.Server.Usage.Sessions == 1 || client.HasExited, "the client's session");
            // At a random moment of its work, measured in handles and bytes rather than in time.
            long depth = random.NextInt64(0, 4 << 20);
            SpinWait.SpinUntil(() => server.Server.Usage.MemoryBytes >= depth || client.HasExited, TimeSpan.FromSeconds(2));
            early += client.HasExited ? 1 : 0;
            client.Kill();
            client.WaitForExit();
            server.BecomesIdle();
            Assert.Equal(0UL, gpu.Devices[0].Memory.Used);
        }

        Assert.Equal(0, early);
        output.WriteLine($"seed {Seed}: {Kills} client processes killed");
    }

    // A context, memory, streams, a copy: whatever part of it arrives has to be released.
    private static byte[] Conversation(RawSession session)
    {
        byte[] bulk = new byte[10_000];
        nint context = HandleId.Make(HandleKind.CUcontext, HandleId.FirstMinted);
        var bytes = new List<byte>();
        void Post(uint callId, RawPeer.WriteBody write, bool posted = true, byte[]? data = null) => bytes.AddRange(RawPeer.Frame(
            callId, ++session.Sequence, RawPeer.Body(write), posted ? FrameFlags.Posted : FrameFlags.None, session.Context, data ?? []));

        Post(CallId.cuCtxCreate_v2, (ref MessagePackWriter writer) =>
        {
            writer.Write(context);
            writer.Write(0);
            writer.Write(0);
        }, posted: false);
        session.Context = HandleId.Number(context);
        Post(CallId.cuMemAlloc_v2, (ref MessagePackWriter writer) => writer.Write(1 << 16), posted: false);
        for (int stream = 1; stream < 20; stream++)
        {
            nint id = HandleId.Make(HandleKind.CUstream, HandleId.FirstMinted + stream);
            Post(CallId.cuStreamCreate, (ref MessagePackWriter writer) =>
            {
                writer.Write(id);
                writer.Write(0);
            });
        }

        Post(CallId.cuMemcpyHtoD_v2, (ref MessagePackWriter writer) =>
        {
            writer.Write(0x1000);
            writer.Write(bulk.Length);
            writer.Write(0);
        }, posted: true, data: bulk);
        return [.. bytes];
    }
}
