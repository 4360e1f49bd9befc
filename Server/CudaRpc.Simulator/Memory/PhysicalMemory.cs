namespace CudaRpc.Simulator.Memory;

/// <summary>
/// Memory without an address, for <see cref="VirtualMemory"/> to map: pieces of one anonymous file. No place in it is used twice, which costs
/// nothing: the file is sparse, and the pages of a piece are given back when it is released. Safe from any thread.
/// </summary>
internal sealed class PhysicalMemory : IDisposable
{
    private readonly Lock _lock = new();
    private int _file = -1;
    private long _end;

    /// <summary>The file, for mapping.</summary>
    public int File
    {
        get
        {
            lock (_lock)
            {
                return _file;
            }
        }
    }

    /// <summary>Takes zeroed memory. Returns its place in <see cref="File"/>, or -1 where the system has none.</summary>
    public long Take(ulong bytes)
    {
        lock (_lock)
        {
            if (_file < 0)
            {
                _file = Libc.CreateMemoryFile("cudarpc-device-memory", Libc.CloseOnExec);
            }

            long place = _end;
            if (_file < 0 || bytes > (ulong)(long.MaxValue - _end) || Libc.SetLength(_file, _end + (long)bytes) != 0)
            {
                return -1;
            }

            _end += (long)bytes;
            return place;
        }
    }

    /// <summary>Gives the pages back to the system. Nothing may be mapped there any more that is accessed.</summary>
    public void Release(long place, ulong bytes)
    {
        lock (_lock)
        {
            if (_file >= 0)
            {
                _ = Libc.Allocate(_file, Libc.PunchHole | Libc.KeepSize, place, (long)bytes);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_file >= 0)
            {
                _ = Libc.Close(_file);
                _file = -1;
            }
        }
    }
}
