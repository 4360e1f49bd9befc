using System.Runtime.CompilerServices;

namespace CudaRpc.Protocol;

/// <summary>
/// What has changed in memory since its last copy, byte by byte, so that changes which the two sides of a session make to neighbouring bytes
/// do not meet. Encoded as pairs of numbers (LEB128): bytes to skip, bytes that follow; then those bytes.
/// </summary>
internal static unsafe class MemoryChanges
{
    /// <summary>Most bytes that one piece of encoded changes takes.</summary>
    public const int Piece = 1 << 20;

    private const int Page = 4096;

    // A page in which every other byte has changed takes three bytes for two; with it what may stand before its first pair.
    private const int RoomForPage = (2 * Page) + 32;

    /// <summary>
    /// Writes what has changed from <paramref name="position"/> on, as far as there is room, and moves position behind what was looked at.
    /// What was written is in the copy afterwards, even if the memory changes meanwhile. Returns the bytes written, 0 if nothing has changed.
    /// </summary>
    /// <param name="memory">The memory. Others may write to it at the same time.</param>
    /// <param name="copy">Its last copy.</param>
    /// <param name="length">Bytes of both.</param>
    /// <param name="position">Where to begin; the first pair counts from there.</param>
    /// <param name="output">At least <see cref="RoomForPage"/> bytes.</param>
    public static int Encode(byte* memory, byte* copy, nuint length, ref nuint position, Span<byte> output)
    {
        byte* page = stackalloc byte[Page];
        nuint last = position; // Behind the last byte that was written.
        int written = 0;
        while (position < length && output.Length - written >= RoomForPage)
        {
            int bytes = (int)nuint.Min(length - position, Page);
            // SAFETY: within the memory and its copy, which the caller keeps.
            if (!new ReadOnlySpan<byte>(memory + position, bytes).SequenceEqual(new ReadOnlySpan<byte>(copy + position, bytes)))
            {
                // Read once: what is compared is what is sent and what the copy becomes.
                Unsafe.CopyBlockUnaligned(page, memory + position, (uint)bytes);
                written += EncodePage(new ReadOnlySpan<byte>(page, bytes), new ReadOnlySpan<byte>(copy + position, bytes), position, ref last, output[written..]);
                Unsafe.CopyBlockUnaligned(copy + position, page, (uint)bytes);
            }

            position += (nuint)bytes;
        }

        return written;
    }

    /// <summary>Stores changes that begin at <paramref name="offset"/> in memory and in its copy.</summary>
    /// <exception cref="ProtocolException">They are no such encoding, or leave the memory.</exception>
    public static void Apply(byte* memory, byte* copy, nuint length, ulong offset, ReadOnlySpan<byte> changes)
    {
        while (!changes.IsEmpty)
        {
            ulong skip = ReadNumber(ref changes);
            ulong count = ReadNumber(ref changes);
            if (count > (ulong)changes.Length || offset > length || skip > length - offset || count > length - offset - skip)
            {
                ProtocolException.Throw($"changes of host memory beyond its {length} bytes");
            }

            offset += skip;
            // SAFETY: within the memory and its copy by the check above.
            changes[..(int)count].CopyTo(new Span<byte>(memory + offset, (int)count));
            changes[..(int)count].CopyTo(new Span<byte>(copy + offset, (int)count));
            changes = changes[(int)count..];
            offset += count;
        }
    }

    private static int EncodePage(ReadOnlySpan<byte> now, ReadOnlySpan<byte> before, nuint start, ref nuint last, Span<byte> output)
    {
        int written = 0;
        for (int index = 0; ;)
        {
            index += now[index..].CommonPrefixLength(before[index..]);
            if (index == now.Length)
            {
                return written;
            }

            int end = index + 1;
            while (end < now.Length && now[end] != before[end])
            {
                end++;
            }

            written += WriteNumber(start + (nuint)index - last, output[written..]);
            written += WriteNumber((nuint)(end - index), output[written..]);
            now[index..end].CopyTo(output[written..]);
            written += end - index;
            last = start + (nuint)end;
            index = end;
        }
    }

    private static int WriteNumber(nuint value, Span<byte> output)
    {
        int written = 0;
        for (; value >= 0x80; value >>= 7)
        {
            output[written++] = (byte)(value | 0x80);
        }

        output[written++] = (byte)value;
        return written;
    }

    private static ulong ReadNumber(ref ReadOnlySpan<byte> input)
    {
        ulong value = 0;
        for (int shift = 0; shift < 63; shift += 7)
        {
            if (input.IsEmpty)
            {
                break;
            }

            byte next = input[0];
            input = input[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new ProtocolException("changes of host memory that do not decode");
    }
}
