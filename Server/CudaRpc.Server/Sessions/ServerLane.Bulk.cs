using System.Runtime.InteropServices;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// Bulk, in memory of the call, in pieces through the staging memory, or where the transport has it.
internal sealed unsafe partial class ServerLane
{
    private byte* _staging;

    // Room of the connection's that PlaceForPiece has given away.
    private byte* _reserved;

    /// <summary>All of the frame's bulk, in memory of the call. Memory grows with what has arrived, not with what was announced.</summary>
    public byte* ReadWholeBulk(nuint bytes)
    {
        nuint capacity = nuint.Min(bytes, ProtocolLimits.CopyPiece);
        byte* memory = (byte*)NativeMemory.Alloc(nuint.Max(capacity, 1));
        try
        {
            for (nuint done = 0; done < bytes;)
            {
                if (done == capacity)
                {
                    capacity = nuint.Min(bytes, capacity * 2);
                    memory = (byte*)NativeMemory.Realloc(memory, capacity);
                }

                _reader!.ReadBulk(memory + done, capacity - done);
                done = capacity;
            }
        }
        catch
        {
            NativeMemory.Free(memory);
            throw;
        }

        Scratch.Adopt(memory);
        return memory;
    }

    /// <summary>The next bytes of the frame's bulk, at most <see cref="ProtocolLimits.CopyPiece"/>, in the lane's staging memory.</summary>
    public byte* ReadBulkPiece(nuint bytes)
    {
        byte* staging = Staging();
        _reader!.ReadBulk(staging, bytes);
        return staging;
    }

    /// <summary>The same, into memory of the caller's.</summary>
    public void ReadBulkPiece(byte* destination, nuint bytes) => _reader!.ReadBulk(destination, bytes);

    /// <summary>Whether bulk can be used where it arrives, and made where it is sent from.</summary>
    public bool IsInPlace => _connection is { IsInPlace: true };

    /// <summary>
    /// The next bytes of the frame's bulk, at most <paramref name="most"/>: where they have arrived if they can be used there, else in
    /// the staging memory. Valid until the next piece.
    /// </summary>
    public byte* NextBulk(nuint most, out nuint piece)
    {
        byte* bytes = _reader!.PeekBulk(most, out piece);
        if (bytes == null)
        {
            piece = nuint.Min(most, ProtocolLimits.CopyPiece);
            bytes = ReadBulkPiece(piece);
        }

        return bytes;
    }

    /// <summary>
    /// Where the next piece of a reply's bulk, of at most <paramref name="most"/> bytes, is to be put for <see cref="SendPiece"/>: where
    /// it is sent from if the transport has such a place, else the staging memory.
    /// </summary>
    public byte* PlaceForPiece(nuint most, out nuint piece)
    {
        piece = nuint.Min(most, ProtocolLimits.CopyPiece);
        if (!_connection!.IsInPlace)
        {
            return Staging();
        }

        try
        {
            _reserved = _connection.Reserve(FrameHeader.Size, (int)piece, out int room);
            piece = (nuint)room;
            return _reserved;
        }
        catch (IOException)
        {
            _isDeaf = true;
            throw;
        }
    }

    /// <summary>The lane's <see cref="ProtocolLimits.CopyPiece"/> bytes for pieces of copies; page-aligned, kept once used.</summary>
    public byte* Staging()
    {
        if (_staging == null)
        {
            _staging = (byte*)NativeMemory.AlignedAlloc(ProtocolLimits.CopyPiece, 4096);
        }

        return _staging;
    }

    /// <summary>Sends one piece of a reply's bulk, to be followed by more.</summary>
    public void SendPiece(in FrameHeader call, byte* bytes, nuint length)
    {
        Span<byte> header = stackalloc byte[FrameHeader.Size];
        new FrameHeader(0, call.CallId, FrameFlags.Reply | FrameFlags.More, 0, call.Sequence, length).Write(header);
        CountSent(FrameHeader.Size + (long)length);
        if (bytes == _reserved && bytes != null)
        {
            _reserved = null;
            _connection!.Commit(header, (int)length);
            return;
        }

        // SAFETY: the lane's staging memory, which has room for length bytes.
        Send(header, new ReadOnlySpan<byte>(bytes, (int)length));
    }

    private void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, bool receives = false)
    {
        try
        {
            if (receives)
            {
                _connection!.SendBeforeReceive(first);
                _hasAnswered = true;
            }
            else
            {
                _connection!.Send(first, second);
            }
        }
        catch (IOException)
        {
            _isDeaf = true;
            throw;
        }
    }

    private void FreeStaging()
    {
        NativeMemory.AlignedFree(_staging);
        _staging = null;
    }
}
