using CudaRpc.Transport;

namespace CudaRpc.Benchmarks;

/// <summary>A connection that brings the same bytes again and again, many at a time, and takes everything.</summary>
internal sealed class EndlessConnection(byte[] message) : Connection
{
    private const int Together = 100;
    private readonly byte[] _bytes = [.. Enumerable.Repeat(message, Together).SelectMany(static bytes => bytes)];
    private int _position;

    public override string Peer => "nobody";

    public override long Deadline { get; set; } = long.MaxValue;

    public override void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
    }

    public override int TrySend(ReadOnlySpan<byte> bytes) => bytes.Length;

    public override int Receive(Span<byte> destination)
    {
        int length = Math.Min(destination.Length, _bytes.Length - _position);
        _bytes.AsSpan(_position, length).CopyTo(destination);
        _position = (_position + length) % _bytes.Length;
        return length;
    }

    public override int TryReceive(Span<byte> destination) => Receive(destination);

    public override void Abort()
    {
    }

    public override void Dispose()
    {
    }
}
