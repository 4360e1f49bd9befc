using System.Buffers;
using System.Text;
using CudaRpc.Client;
using CudaRpc.Transport;
using MessagePack;

namespace CudaRpc.Protocol;

/// <summary>
/// How a connection begins, in both directions: the preface ("CUDARPC" and the protocol version, 8 bytes), then one Hello from the
/// client and its reply, the Welcome. A preface of another version is answered by one's own, so that each side can name both.
/// </summary>
internal static class Handshake
{
    public const int PrefaceSize = 8;

    /// <summary>Bytes of the secret that names a session to the lanes that join it.</summary>
    public const int TokenSize = 16;

    /// <summary>Feature bit: the client records its calls and wants to know when they were made; the server can tell.</summary>
    public const ulong TraceTimes = 1;

    /// <summary>Feature bit, with <see cref="TraceTimes"/>: it wants to know when the device did their work as well.</summary>
    public const ulong DeviceTimes = 2;

    /// <summary>Feature bit: the server wants to know what span the client's session is.</summary>
    public const ulong SpanContext = 4;

    /// <summary>Bytes that name a span: W3C's traceparent, version 00, in ASCII.</summary>
    public const int TraceParentSize = 55;

    /// <summary>Feature bits a server knows. Driver functions need none: every call id is optional by itself.</summary>
    public const ulong Features = TraceTimes | DeviceTimes | SpanContext;

    /// <summary>Refusal of a lane whose session has ended, which the client's has then, too.</summary>
    public const string NoSuchSession = "no such session";

    public static ReadOnlySpan<byte> Preface => [(byte)'C', (byte)'U', (byte)'D', (byte)'A', (byte)'R', (byte)'P', (byte)'C', ProtocolLimits.Version];

    /// <summary>Receives the peer's preface and compares it with ours.</summary>
    /// <exception cref="ProtocolException">The peer speaks something else; the message names both versions.</exception>
    public static void ReadPreface(Connection connection)
    {
        Span<byte> preface = stackalloc byte[PrefaceSize];
        for (int length = 0; length < PrefaceSize;)
        {
            int received;
            try
            {
                received = connection.Receive(preface[length..]);
            }
            catch (IOException failure)
            {
                throw new IOException($"{failure.Message}; is that a CudaRpc peer?", failure);
            }

            length += received > 0 ? received : throw new ProtocolException($"{connection.Peer} closed the connection without a preface");
        }

        if (!preface[..^1].SequenceEqual(Preface[..^1]))
        {
            ProtocolException.Throw($"{connection.Peer} does not speak this protocol: it began with {Convert.ToHexString(preface)}");
        }

        if (preface[^1] != ProtocolLimits.Version)
        {
            ProtocolException.Throw($"{connection.Peer} speaks protocol version {preface[^1]}, this side version {ProtocolLimits.Version}");
        }
    }

    /// <summary>Writes the body of a Hello. <paramref name="token"/> is empty to open a session.</summary>
    public static void WriteHello(IBufferWriter<byte> output, ulong features, ReadOnlySpan<byte> token, string client, int cudaVersion)
    {
        var writer = new MessagePackWriter(output);
        writer.Write(features);
        writer.Write(token);
        writer.Write(client);
        writer.Write(cudaVersion);
        writer.Flush();
    }

    public static Hello ReadHello(ReadOnlyMemory<byte> body) => Decode(body, static (ref MessagePackReader reader) =>
    {
        ulong features = reader.ReadUInt64();
        byte[] token = ReadBytes(ref reader, TokenSize);
        return token.Length is 0 or TokenSize
            ? new Hello(features, token, ReadText(ref reader, 256), reader.ReadInt32())
            : throw new ProtocolException($"session token of {token.Length} bytes");
    });

    public static void WriteWelcome(IBufferWriter<byte> output, Welcome welcome)
    {
        var writer = new MessagePackWriter(output);
        writer.Write(welcome.Refusal);
        if (welcome.Refusal.Length == 0)
        {
            writer.Write(welcome.Features);
            writer.Write(welcome.Token);
            writer.Write(welcome.Server);
            welcome.Devices.Write(ref writer);
        }

        writer.Flush();
    }

    public static Welcome ReadWelcome(ReadOnlyMemory<byte> body) => Decode(body, static (ref MessagePackReader reader) =>
    {
        string refusal = ReadText(ref reader, 1024);
        return refusal.Length > 0
            ? new Welcome(refusal, 0, [], "", DeviceSnapshot.Empty)
            : new Welcome("", reader.ReadUInt64(), ReadBytes(ref reader, TokenSize), ReadText(ref reader, 256), DeviceSnapshot.Read(ref reader));
    });

    internal static byte[] ReadBytes(ref MessagePackReader reader, int maximum)
    {
        ReadOnlySequence<byte> bytes = reader.ReadBytes() ?? default;
        return bytes.Length <= maximum ? bytes.ToArray() : throw new ProtocolException($"{bytes.Length} bytes where at most {maximum} are allowed");
    }

    internal static string ReadText(ref MessagePackReader reader, int maximum)
    {
        ReadOnlySequence<byte> bytes = reader.ReadStringSequence() ?? default;
        return bytes.Length <= maximum
            ? Encoding.UTF8.GetString(bytes)
            : throw new ProtocolException($"text of {bytes.Length} bytes where at most {maximum} are allowed");
    }

    private static T Decode<T>(ReadOnlyMemory<byte> body, Decoder<T> decode)
    {
        var reader = new MessagePackReader(body);
        try
        {
            T decoded = decode(ref reader);
            return reader.End ? decoded : throw new ProtocolException($"{typeof(T).Name} with values behind the last one known");
        }
        catch (Exception failure) when (failure is MessagePackSerializationException or EndOfStreamException or OverflowException)
        {
            throw new ProtocolException($"{typeof(T).Name} does not decode: {failure.Message}", failure);
        }
    }

    private delegate T Decoder<out T>(ref MessagePackReader reader);
}

/// <summary>What a client says first. An empty token opens a session; another joins the session that has it.</summary>
internal sealed record Hello(ulong Features, byte[] Token, string Client, int CudaVersion);

/// <summary>The server's answer: a refusal in words, or the session's token and the devices as they are.</summary>
internal sealed record Welcome(string Refusal, ulong Features, byte[] Token, string Server, DeviceSnapshot Devices);
