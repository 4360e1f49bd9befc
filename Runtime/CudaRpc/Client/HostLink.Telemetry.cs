using System.Text;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// What links the spans of both ends. docs/protocol.md, "Spans".
internal sealed unsafe partial class HostLink
{
    /// <summary>Tells the server which span the session is; a session that is lost already is the next call's to notice.</summary>
    public void TellSpan(string traceParent)
    {
        Span<byte> frame = stackalloc byte[FrameHeader.Size + Handshake.TraceParentSize];
        new FrameHeader(Handshake.TraceParentSize, ControlId.SpanContext, FrameFlags.None, 0, 0, 0).Write(frame);
        Encoding.ASCII.GetBytes(traceParent, frame[FrameHeader.Size..]);
        try
        {
            lock (_sendLock)
            {
                connection.Send(frame, default);
            }
        }
        catch (IOException)
        {
        }
    }
}
