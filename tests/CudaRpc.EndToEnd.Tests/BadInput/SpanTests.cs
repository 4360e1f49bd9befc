using System.Text;
using CudaRpc.Protocol;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>A client that names the span of its session in ways that no correct one does.</summary>
public sealed class SpanTests : IDisposable
{
    private const string Span = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private readonly SimulatedGpu _gpu = new();
    private readonly TestServer _server;

    public SpanTests() => _server = new TestServer(() => new SimulatedDriver(_gpu));

    [Theory]
    [InlineData(Span, Span)]
    [InlineData("00-00000000000000000000000000000000-0000000000000000-00")]
    [InlineData("this is as long as a span's name is, but it names none.")]
    [InlineData("short")]
    public void Span_ThatIsNoneOrTheSecond_EndsTheConnection(params string[] spans)
    {
        using var peer = new RawPeer(_server.UnixUrl);
        Welcome welcome = peer.Greet([]);
        Assert.Equal(Handshake.SpanContext, welcome.Features & Handshake.SpanContext);
        foreach (string span in spans)
        {
            peer.Send(RawPeer.Frame(ControlId.SpanContext, 0, Encoding.ASCII.GetBytes(span)));
        }

        peer.IsClosed();
    }

    public void Dispose()
    {
        _server.Dispose();
        _gpu.Dispose();
    }
}
