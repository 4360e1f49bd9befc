using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Bulk that lies in rows in the program's memory: the host side of pitched copies.
internal sealed unsafe partial class Lane
{
    // Rows of pitched memory are collected up to this many bytes before they are sent, and received together.
    private const int RowBytes = 256 << 10;

    private byte[]? _rows;

    private byte[] Rows => _rows ??= GC.AllocateUninitializedArray<byte>(RowBytes, pinned: true);

    /// <summary>Queues the call with bulk that lies in rows; it is copied when this returns.</summary>
    public void PostRows(uint callId, in HostBox bulk, bool isOwn)
    {
        Span<byte> rows = Rows.AsSpan(0, (int)bulk.Length);
        bulk.Gather(0, rows);
        Post(callId, rows, isOwn);
    }

    /// <summary>Sends the posted call with bulk that lies in rows; returns when all of it has left.</summary>
    public void PostBulkRows(uint callId, in HostBox bulk)
    {
        Posted++;
        SendRows(callId, FrameFlags.Posted, bulk);
        PostSettled();
    }

    /// <summary>Sends the call with bulk that lies in rows, and waits for its reply's header and body.</summary>
    public void InvokeRows(uint callId, in HostBox bulk, out FrameHeader reply, out ReadOnlySpan<byte> body)
    {
        Synchronous++;
        ReadReplyTo(callId, SendRows(callId, FrameFlags.None, bulk), out reply, out body);
    }

    /// <summary>Receives bulk of a reply to its place in rows, where it begins at <paramref name="offset"/> bytes of all of them.</summary>
    public void ReadBulkRows(in HostBox destination, nuint offset, nuint length)
    {
        for (nuint done = 0; done < length;)
        {
            byte* piece = destination.Piece(offset + done, length - done, out nuint together);
            if (together >= nuint.Min(length - done, RowBytes / 16))
            {
                ReadBulk(piece, together);
                done += together;
                continue;
            }

            // Short rows arrive together: a system call for each would cost more than the copy.
            Span<byte> rows = Rows.AsSpan(0, (int)nuint.Min(length - done, RowBytes));
            fixed (byte* received = rows)
            {
                ReadBulk(received, (nuint)rows.Length);
            }

            destination.Scatter(offset + done, rows);
            done += (nuint)rows.Length;
        }
    }

    private ulong SendRows(uint callId, FrameFlags flags, in HostBox bulk)
    {
        nuint length = bulk.Length;
        lock (_sendLock)
        {
            ulong sequence = Seal(callId, flags, length);
            SendSealed(default);
            for (nuint sent = 0; sent < length;)
            {
                Span<byte> rows = Rows.AsSpan(0, (int)nuint.Min(length - sent, RowBytes));
                bulk.Gather(sent, rows);
                _connection!.Send(rows, default);
                sent += (nuint)rows.Length;
            }

            Volatile.Write(ref _bytesSent, _bytesSent + (long)length);
            return sequence;
        }
    }
}
