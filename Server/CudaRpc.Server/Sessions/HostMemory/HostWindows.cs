using CudaRpc.Transport;

namespace CudaRpc.Server;

/// <summary>
/// Addresses for the host memory of sessions, in a part of the address space that Linux gives to nobody by itself, so that a client has them
/// free as well. Sessions of one server get different ones, since twins of all of them are in its process. Any thread.
/// </summary>
internal sealed class HostWindows
{
    /// <summary>Bytes of a window.</summary>
    public const ulong WindowBytes = 1UL << 36;

    // Above the windows of the generic address space and what sanitizers take, below the simulated devices' addresses.
    private const ulong First = 0x1100_0000_0000;
    private const ulong End = 0x2000_0000_0000;
    private const int Count = (int)((End - First) / WindowBytes);

    private readonly Lock _lock = new();
    private readonly bool[] _taken = new bool[Count];

    // Servers and clients that share a process look for windows in the same places; they do not begin at the same one.
    private uint _next = (uint)Random.Shared.Next(Count);

    /// <summary>Takes a window; 0 where there is none.</summary>
    /// <param name="reserve">Whether this process is to keep its addresses from being used for anything else.</param>
    public ulong Take(bool reserve)
    {
        lock (_lock)
        {
            for (int attempt = 0; attempt < Count; attempt++)
            {
                int index = (int)(_next++ % Count);
                ulong start = First + ((ulong)index * WindowBytes);
                if (!_taken[index] && (!reserve || Pages.TryReserve(start, WindowBytes)))
                {
                    _taken[index] = true;
                    return start;
                }
            }

            return 0;
        }
    }

    /// <summary>Gives a window back.</summary>
    public void GiveBack(ulong start, bool reserved)
    {
        if (reserved)
        {
            Pages.Unmap(start, WindowBytes);
        }

        lock (_lock)
        {
            _taken[(start - First) / WindowBytes] = false;
        }
    }
}
