using System.Runtime.CompilerServices;
using CudaRpc.Transport;

namespace CudaRpc.Protocol;

/// <summary>
/// Receives frames of one connection: header and body through a buffer that is reused, bulk from the buffer's remainder and then
/// straight into the caller's memory. One thread at a time.
/// </summary>
internal sealed unsafe class FrameReader(Connection connection)
{
    private const int InitialBuffer = 64 << 10;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(InitialBuffer, pinned: true);
    private int _start;
    private int _end;
    private int _body;
    private int _bodyLength;
    private ulong _sequence;
    private ulong _bulkRemaining;

    // Bytes that PeekBulk has shown in the connection's memory, to be given back.
    private int _peeked;

    /// <summary>Body of the frame read last. Valid until the next <see cref="Read"/>.</summary>
    public ReadOnlyMemory<byte> Body => _buffer.AsMemory(_body, _bodyLength);

    /// <summary>The same.</summary>
    public ReadOnlySpan<byte> BodySpan => _buffer.AsSpan(_body, _bodyLength);

    /// <summary>Bytes received so far, headers included.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Bulk bytes of the current frame that nobody has taken yet.</summary>
    public ulong BulkRemaining => _bulkRemaining;

    /// <summary>Waits for the next frame. False where the peer closed between two frames.</summary>
    /// <exception cref="ProtocolException">A header no correct peer sends, or the end in the middle of a frame.</exception>
    public bool Read(out FrameHeader header)
    {
        EndPeek();
        SkipBulk();
        if (_end - _start < FrameHeader.Size && !Fill(FrameHeader.Size, atBoundary: true))
        {
            header = default;
            return false;
        }

        header = FrameHeader.Read(_buffer.AsSpan(_start));
        if ((header.Flags & ~FrameFlags.Known) != 0)
        {
            ProtocolException.Throw($"frame with unknown flags 0x{(uint)header.Flags:x}");
        }

        if (header.BodyLength > ProtocolLimits.Body)
        {
            ProtocolException.Throw($"frame body of {header.BodyLength} bytes; at most {ProtocolLimits.Body} are allowed");
        }

        int body = (int)header.BodyLength;
        _sequence = header.Sequence;
        if (_end - _start < FrameHeader.Size + body)
        {
            Fill(FrameHeader.Size + body, atBoundary: false);
        }

        (_body, _bodyLength) = (_start + FrameHeader.Size, body);
        _start += FrameHeader.Size + body;
        _bulkRemaining = header.BulkLength;
        return true;
    }

    /// <summary>
    /// The next bytes of the current frame's bulk where they are, at most <paramref name="most"/>: in the buffer here, or in memory that
    /// the peer may change meanwhile. Null where they have to be read. Valid until the next call of any kind.
    /// </summary>
    public byte* PeekBulk(nuint most, out nuint length)
    {
        EndPeek();
        length = nuint.Min(most, (nuint)_bulkRemaining);
        nuint buffered = nuint.Min(length, (nuint)(_end - _start));
        if (buffered > 0 && (buffered == length || connection.IsInPlace))
        {
            // SAFETY: the buffer is pinned, and neither replaced nor written before the next call.
            byte* here = (byte*)Unsafe.AsPointer(ref _buffer[_start]);
            _start += (int)buffered;
            _bulkRemaining -= buffered;
            length = buffered;
            return here;
        }

        if (length == 0 || !connection.IsInPlace)
        {
            return null;
        }

        byte* there = connection.Peek((int)nuint.Min(length, int.MaxValue), out _peeked);
        if (_peeked == 0)
        {
            ThrowTruncated(length);
        }

        BytesReceived += _peeked;
        length = (nuint)_peeked;
        _bulkRemaining -= length;
        return there;
    }

    /// <summary>Receives <paramref name="length"/> bytes of the current frame's bulk into <paramref name="destination"/>.</summary>
    public void ReadBulk(byte* destination, nuint length)
    {
        EndPeek();
        if (length > _bulkRemaining)
        {
            ProtocolException.Throw($"{length} bulk bytes wanted where the frame has {_bulkRemaining} left");
        }

        int buffered = (int)nuint.Min(length, (nuint)(_end - _start));
        _buffer.AsSpan(_start, buffered).CopyTo(new Span<byte>(destination, buffered));
        _start += buffered;
        for (nuint done = (nuint)buffered; done < length;)
        {
            // SAFETY: destination has room for length bytes (the caller's contract) and done < length.
            int received = connection.Receive(new Span<byte>(destination + done, (int)nuint.Min(length - done, int.MaxValue)));
            BytesReceived += received;
            if (received == 0)
            {
                ThrowTruncated(length - done);
            }

            done += (nuint)received;
        }

        _bulkRemaining -= length;
    }

    private void EndPeek()
    {
        if (_peeked > 0)
        {
            connection.Advance(_peeked);
            _peeked = 0;
        }
    }

    private void SkipBulk()
    {
        while (_bulkRemaining > 0)
        {
            if (_start == _end)
            {
                _start = _end = 0;
                Receive();
            }

            int skipped = (int)ulong.Min(_bulkRemaining, (ulong)(_end - _start));
            _start += skipped;
            _bulkRemaining -= (ulong)skipped;
        }
    }

    // Less than that is there.
    private bool Fill(int count, bool atBoundary)
    {
        if (_start + count > _buffer.Length)
        {
            byte[] target = count > _buffer.Length ? GC.AllocateUninitializedArray<byte>(count, pinned: true) : _buffer;
            _buffer.AsSpan(_start, _end - _start).CopyTo(target);
            _end -= _start;
            _start = 0;
            _buffer = target;
        }
        else if (_start == _end)
        {
            _start = _end = 0;
        }

        do
        {
            int received = connection.Receive(_buffer.AsSpan(_end));
            BytesReceived += received;
            if (received == 0)
            {
                if (atBoundary && _start == _end)
                {
                    return false;
                }

                ThrowTruncated((nuint)(count - (_end - _start)));
            }

            _end += received;
        }
        while (_end - _start < count);

        return true;
    }

    private void Receive()
    {
        int received = connection.Receive(_buffer.AsSpan(_end));
        BytesReceived += received;
        if (received == 0)
        {
            ThrowTruncated((nuint)_bulkRemaining);
        }

        _end += received;
    }

    private void ThrowTruncated(nuint missing) =>
        ProtocolException.Throw($"the peer closed the connection inside frame {_sequence}; {missing} bytes are missing");
}
