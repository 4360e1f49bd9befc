using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>Sessions whose calls are recorded, at servers that know nothing of that.</summary>
public sealed class TracedSessionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cudarpc-").FullName;

    [Fact]
    public void Server_ThatKnowsNoTraces_IsAskedNothing()
    {
        var received = new ConcurrentQueue<uint>();
        using var server = new HostileServer(TestServer.Unix, connection =>
        {
            FrameReader reader = HostileServer.Greet(connection, out _);
            while (reader.Read(out FrameHeader header))
            {
                received.Enqueue(header.CallId);
            }
        });
        string file = Path.Combine(_folder, "a.cudatrace");
        using (Session.Connect(server.Url, new SessionOptions(), TraceRecorder.For(file, deviceTimes: true)))
        {
        }

        Assert.Empty(received);
        Trace trace = TraceFile.Read(file);
        Assert.Equal((server.Url.ToString(), 0L), (trace.Header.Server, trace.Header.RoundTrip));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
