using System.Diagnostics;
using System.Text;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// What links the spans of both ends. docs/protocol.md, "Spans".
internal sealed unsafe partial class HostChannel
{
    private bool _knowsSpan;

    /// <summary>The session's span; null where nobody wants it.</summary>
    public Activity? Span { get; set; }

    // Once: links are kept for as long as the session lasts.
    private void LinkSpan(ReadOnlySpan<byte> traceParent)
    {
        if (_knowsSpan || !ActivityContext.TryParse(Encoding.ASCII.GetString(traceParent), null, isRemote: true, out ActivityContext client))
        {
            ProtocolException.Throw("a span that was named before, or is none");
        }

        _knowsSpan = true;
        Span?.AddLink(new ActivityLink(client));
    }
}
