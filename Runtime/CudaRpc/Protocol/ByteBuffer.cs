using System.Buffers;

namespace CudaRpc.Protocol;

/// <summary>
/// A growing byte array to encode frames into; reused, so that a call allocates nothing. One writer at a time.
/// Growth stops at a bound: what must not grow further throws.
/// </summary>
internal sealed class ByteBuffer(int capacity, int maximum) : IBufferWriter<byte>
{
    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(capacity, pinned: true);
    private int _length;

    public int Length => _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Clear(int length = 0) => _length = length;

    public Span<byte> Slice(int start, int length) => _bytes.AsSpan(start, length);

    public void Write(ReadOnlySpan<byte> source)
    {
        source.CopyTo(GetSpan(source.Length));
        _length += source.Length;
    }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(_length);
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - _length >= count)
        {
            return;
        }

        if (count > maximum - _length)
        {
            throw new FrameTooLargeException((long)_length + count, maximum);
        }

        byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Min(maximum, Math.Max(_length + count, _bytes.Length * 2)), pinned: true);
        Written.CopyTo(larger);
        _bytes = larger;
    }
}
