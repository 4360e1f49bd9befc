using CudaRpc.Transport;

namespace CudaRpc.Client;

/// <summary>
/// Addresses that the server has kept for this session and that are reserved here: page-locked and managed memory is allocated in it, so
/// that the twin can be made at the same address whenever it is needed. Blocks are whole pages with one between them that nobody may touch.
/// The caller synchronises.
/// </summary>
internal sealed class HostWindow
{
    // Ascending, never adjacent.
    private readonly List<(ulong Start, ulong Bytes)> _gaps;

    public HostWindow(ulong start, ulong bytes)
    {
        (Start, Bytes) = (start, bytes);
        _gaps = [(start, bytes)];
    }

    public ulong Start { get; }

    public ulong Bytes { get; }

    public bool Contains(ulong address) => address - Start < Bytes;

    /// <summary>Zeroed memory; 0 if there is no room or no memory.</summary>
    public ulong Allocate(ulong bytes)
    {
        ulong room = Room(bytes);
        int index = bytes > Bytes ? -1 : _gaps.FindIndex(gap => gap.Bytes >= room);
        if (index < 0)
        {
            return 0;
        }

        (ulong start, ulong free) = _gaps[index];
        if (!Pages.TryCommit(start, Pages.Ceiling(bytes)))
        {
            return 0;
        }

        if (free == room)
        {
            _gaps.RemoveAt(index);
        }
        else
        {
            _gaps[index] = (start + room, free - room);
        }

        return start;
    }

    public void Free(ulong start, ulong bytes)
    {
        ulong room = Room(bytes);
        Pages.Decommit(start, room);
        int after = _gaps.FindIndex(gap => gap.Start > start);
        after = after < 0 ? _gaps.Count : after;
        if (after < _gaps.Count && _gaps[after].Start == start + room)
        {
            room += _gaps[after].Bytes;
            _gaps.RemoveAt(after);
        }

        if (after > 0 && _gaps[after - 1].Start + _gaps[after - 1].Bytes == start)
        {
            _gaps[after - 1] = (_gaps[after - 1].Start, _gaps[after - 1].Bytes + room);
            return;
        }

        _gaps.Insert(after, (start, room));
    }

    private static ulong Room(ulong bytes) => Pages.Ceiling(bytes) + Pages.Size;
}
