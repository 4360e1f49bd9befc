using CudaRpc.Transport;

namespace CudaRpc.Server;

/// <summary>
/// The pages behind a session's twins: in its windows, or wherever the client's own memory is. Two pieces of memory may end and begin in one
/// page. The caller synchronises.
/// </summary>
internal sealed class TwinPages(HostWindows windows)
{
    private const int MaximumWindows = 16;

    private readonly List<(ulong Start, bool Reserved)> _windows = [];

    // First and last pages of what was mapped outside the windows, with how many use each.
    private readonly Dictionary<ulong, int> _edges = [];

    /// <summary>Takes one more window for the client; 0 where there is none left.</summary>
    public ulong Open(bool reserve)
    {
        ulong start = _windows.Count < MaximumWindows ? windows.Take(reserve) : 0;
        if (start != 0)
        {
            _windows.Add((start, reserve));
        }

        return start;
    }

    /// <summary>Puts zeroed memory at the client's address, or where there is room if that is taken. 0 if there is no memory.</summary>
    public ulong Map(ulong start, ulong bytes)
    {
        if (IsInWindow(start, bytes))
        {
            return Pages.TryCommit(Pages.Floor(start), Span(start, bytes)) ? start : 0;
        }

        if (TryMap(Pages.Floor(start), Pages.Ceiling(start + bytes)))
        {
            return start;
        }

        ulong elsewhere = Pages.MapAnywhere(Span(start, bytes));
        return elsewhere == 0 ? 0 : elsewhere + (start % Pages.Size);
    }

    /// <summary>Takes away what <see cref="Map"/> gave for the address.</summary>
    public void Unmap(ulong mapped, ulong start, ulong bytes)
    {
        if (mapped != start)
        {
            Pages.Unmap(Pages.Floor(mapped), Span(start, bytes));
        }
        else if (IsInWindow(start, bytes))
        {
            Pages.Decommit(Pages.Floor(start), Span(start, bytes));
        }
        else
        {
            Unmap(Pages.Floor(start), Pages.Ceiling(start + bytes));
        }
    }

    /// <summary>Gives the windows back.</summary>
    public void Close()
    {
        _windows.ForEach(window => windows.GiveBack(window.Start, window.Reserved));
        _windows.Clear();
    }

    private static ulong Span(ulong start, ulong bytes) => Pages.Ceiling(start + bytes) - Pages.Floor(start);

    // A window that is not reserved here is the client's own, in this process.
    private bool IsInWindow(ulong start, ulong bytes) =>
        _windows.Exists(window => window.Reserved && start - window.Start < HostWindows.WindowBytes
            && bytes <= HostWindows.WindowBytes - (start - window.Start));

    private bool TryMap(ulong first, ulong end)
    {
        if (!TryTakeEdge(first))
        {
            return false;
        }

        ulong last = end - Pages.Size;
        if (last != first && !TryTakeEdge(last))
        {
            GiveBackEdge(first);
            return false;
        }

        ulong inner = first + Pages.Size;
        if (inner < last && !Pages.TryMap(inner, last - inner))
        {
            GiveBackEdge(first);
            GiveBackEdge(last);
            return false;
        }

        return true;
    }

    private void Unmap(ulong first, ulong end)
    {
        ulong last = end - Pages.Size;
        ulong inner = first + Pages.Size;
        if (inner < last)
        {
            Pages.Unmap(inner, last - inner);
        }

        GiveBackEdge(first);
        if (last != first)
        {
            GiveBackEdge(last);
        }
    }

    private bool TryTakeEdge(ulong page)
    {
        _edges.TryGetValue(page, out int users);
        if (users == 0 && !Pages.TryMap(page, Pages.Size))
        {
            return false;
        }

        _edges[page] = users + 1;
        return true;
    }

    private void GiveBackEdge(ulong page)
    {
        if (--_edges[page] == 0)
        {
            _edges.Remove(page);
            Pages.Unmap(page, Pages.Size);
        }
    }
}
