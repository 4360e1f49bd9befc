using CudaRpc.Client;
using CudaRpc.Protocol;
using CudaRpc.Transport;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>A client that says whatever a test wants it to: one connection, frame by frame.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly FrameReader _reader;

    public RawPeer(ServerUrl url)
    {
        Connection = Transports.Connect(url, Condition.Deadline);
        // A server that neither answers nor closes fails the test instead of hanging it.
        Connection.Deadline = Environment.TickCount64 + (long)Condition.Deadline.TotalMilliseconds;
        _reader = new FrameReader(Connection);
    }

    public delegate void WriteBody(ref MessagePackWriter writer);

    public Connection Connection { get; }

    public static byte[] Body(WriteBody write)
    {
        var buffer = new ByteBuffer(1 << 10, 4 << 20);
        var writer = new MessagePackWriter(buffer);
        write(ref writer);
        writer.Flush();
        return buffer.Written.ToArray();
    }

    /// <summary>A frame as bytes; <paramref name="bulk"/> is announced as it is.</summary>
    public static byte[] Frame(uint callId, ulong sequence, ReadOnlySpan<byte> body, FrameFlags flags = FrameFlags.None, uint context = 0, ReadOnlySpan<byte> bulk = default)
    {
        byte[] frame = new byte[FrameHeader.Size + body.Length + bulk.Length];
        new FrameHeader((uint)body.Length, callId, flags, context, sequence, (ulong)bulk.Length).Write(frame);
        body.CopyTo(frame.AsSpan(FrameHeader.Size));
        bulk.CopyTo(frame.AsSpan(FrameHeader.Size + body.Length));
        return frame;
    }

    public void Send(ReadOnlySpan<byte> bytes) => Connection.Send(bytes, default);

    /// <summary>Says hello and returns the answer; an empty token opens a session.</summary>
    public Welcome Greet(byte[] token)
    {
        var hello = new ByteBuffer(1 << 10, ProtocolLimits.Body);
        Handshake.WriteHello(hello, 0, token, "raw", 13000);
        Send([.. Handshake.Preface, .. Frame(ControlId.Hello, 0, hello.Written)]);
        Handshake.ReadPreface(Connection);
        Assert.True(_reader.Read(out FrameHeader header));
        Assert.Equal((ControlId.Hello, FrameFlags.Reply), (header.CallId, header.Flags));
        return Handshake.ReadWelcome(_reader.Body);
    }

    public FrameHeader Receive(out ReadOnlyMemory<byte> body)
    {
        Assert.True(_reader.Read(out FrameHeader header), "the server closed the connection");
        body = _reader.Body;
        return header;
    }

    /// <summary>Waits until the server has closed; what it sends before does not matter.</summary>
    public void IsClosed()
    {
        byte[] rest = new byte[4096];
        try
        {
            while (Connection.Receive(rest) > 0)
            {
            }
        }
        catch (IOException failure) when (!failure.Message.Contains("in time", StringComparison.Ordinal))
        {
            // Reset, because the server closed with bytes of ours unread.
        }
    }

    public void Dispose() => Connection.Dispose();
}
