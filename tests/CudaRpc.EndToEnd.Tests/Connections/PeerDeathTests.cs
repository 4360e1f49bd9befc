using System.Diagnostics;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>A peer's process that is killed: it says nothing any more, and the other end is told nevertheless.</summary>
public sealed class PeerDeathTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cudarpc-death-");

    public static TheoryData<string> Transports => Link.All;

    [Theory]
    [MemberData(nameof(Transports))]
    public void PeerThatIsKilled_EndsReceiverAndBlockedSender_AndIsNoticedByWhoOnlyPosts(string transport)
    {
        using Process peer = Start(transport, out ServerUrl url);
        try
        {
            using RawPeer idle = new(url);
            using RawPeer busy = new(url);
            using RawPeer poster = new(url);
            using RawPeer putter = new(url);
            byte[] token = idle.Greet([]).Token;
            busy.Greet(token);
            poster.Greet(token);
            putter.Greet(token);
            // Stopped, so that it reads no more; it cannot close anything either.
            using (Process stop = Process.Start("kill", ["-STOP", $"{peer.Id}"]))
            {
                stop.WaitForExit();
            }

            Condition.Holds(() => IsStopped(peer.Id), "the peer's threads standing still");
            Link.Fill(busy.Connection);
            var receiver = new Worker(idle.IsClosed);
            var sender = new Worker(() => Assert.DoesNotContain(
                "in time",
                Assert.Throws<IOException>(() => busy.Connection.Send(new byte[64 << 20], default)).Message,
                StringComparison.Ordinal));

            peer.Kill();

            receiver.Ends();
            sender.Ends();
            // TCP needs an answer to the first.
            int tries = 0;
            Assert.Throws<IOException>(() => Condition.Holds(
                () => NextTick() && poster.Connection.TrySend([1]) == 1 && ++tries == 100,
                "an error"));
            Assert.InRange(tries, 0, 99);
            if (transport == TestServer.Shm)
            {
                tries = 0;
                Assert.Throws<IOException>(() => Condition.Holds(
                    () => NextTick() && putter.Connection.TryPost([1], default, out _) && ++tries == 100,
                    "an error"));
                Assert.InRange(tries, 0, 99);
            }
        }
        finally
        {
            peer.Kill();
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // A thread stops when it next has to do with the kernel, which may be after the signal was sent.
    private static bool IsStopped(int process)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{process}/task")
                .All(thread => File.ReadAllText($"{thread}/status").Contains("State:\tT", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            // A thread has ended meanwhile.
            return false;
        }
    }

    private static bool NextTick()
    {
        long now = Environment.TickCount64;
        return SpinWait.SpinUntil(() => Environment.TickCount64 != now, Condition.Deadline);
    }

    private Process Start(string transport, out ServerUrl url)
    {
        string listen = transport switch
        {
            TestServer.Tcp => "tcp://127.0.0.1:0",
            Link.Tcp6 => "tcp://[::1]:0",
            _ => $"{transport}://{_folder.FullName}/socket",
        };
        string assembly = Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll");
        ProcessStartInfo start = new("dotnet", [assembly, "serve", "--driver", "simulated", "--listen", listen, "--until-stdin-ends"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process server = Process.Start(start)!;
        server.BeginErrorReadLine();
        string line = server.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The server ended before it listened.");
        url = ServerUrl.Parse(line["listening ".Length..]);
        return server;
    }
}
