using System.Runtime.InteropServices;

namespace CudaRpc.Server;

/// <summary>
/// Memory here that stands for memory of a client in the nodes of its graphs: the same distances, so that ranges that overlap there do so here. It is
/// reserved in windows of 4 GiB and takes real memory only where it is written. Owned by the session.
/// </summary>
internal sealed unsafe partial class HostMirror : IDisposable
{
    private const int WindowBits = 32;
    private static readonly nuint s_windowBytes = (nuint)1 << WindowBits;
    private const int MaximumWindows = 64;
    private const int PROT_READ_WRITE = 3;
    private const int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;

    // Guards _windows.
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, nint> _windows = [];
    private bool _disposed;

    /// <summary>The memory for the client's <paramref name="bytes"/> at <paramref name="address"/>; null where they span windows, or are too many.</summary>
    public byte* Map(ulong address, ulong bytes)
    {
        ulong window = address >> WindowBits;
        if (bytes == 0 || bytes > s_windowBytes || (address + bytes - 1) >> WindowBits != window)
        {
            return null;
        }

        lock (_lock)
        {
            if (!_windows.TryGetValue(window, out nint start))
            {
                if (_disposed || _windows.Count >= MaximumWindows)
                {
                    return null;
                }

                start = mmap(null, s_windowBytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0);
                if (start == -1)
                {
                    return null;
                }

                _windows[window] = start;
            }

            return (byte*)start + (uint)address;
        }
    }

    /// <summary>The client's address of memory that <see cref="Map"/> gave; 0 for other memory.</summary>
    public ulong AddressOf(void* memory)
    {
        lock (_lock)
        {
            foreach ((ulong window, nint start) in _windows)
            {
                nuint offset = (nuint)memory - (nuint)start;
                if (offset < s_windowBytes)
                {
                    return (window << WindowBits) + offset;
                }
            }

            return 0;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (nint start in _windows.Values)
            {
                _ = munmap((void*)start, s_windowBytes);
            }

            _windows.Clear();
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(void* address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(void* address, nuint length);
}
