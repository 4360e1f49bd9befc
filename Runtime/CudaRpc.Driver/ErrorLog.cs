using System.Text;

namespace CudaRpc.Driver;

/// <summary>
/// The last failures of a driver's calls, as cuLogs* gives them out. A failure costs a place in a ring; text is made of it when somebody asks.
/// Any thread.
/// </summary>
internal sealed unsafe class ErrorLog
{
    // CUDA allows a program no more at once.
    private const int Capacity = 100, MaximumDump = 25600;
    private const string Truncated = "[older messages are gone]\n";

    private readonly Lock _lock = new();
    private readonly Entry[] _entries = new Entry[Capacity];
    private readonly Dictionary<nint, Listener> _listeners = [];
    private Listener[] _listening = [];
    private uint _written;
    private nint _lastListener;

    /// <summary>Notes a failure, and tells those who asked, on the calling thread.</summary>
    /// <param name="subject">The function, or what else failed.</param>
    /// <param name="result">How; success for a line that is complete without.</param>
    /// <param name="note">What else there is to say.</param>
    public void Write(string subject, CUresult result, string? note = null)
    {
        var entry = new Entry(subject, result, note);
        Listener[] listening;
        lock (_lock)
        {
            _entries[_written++ % Capacity] = entry;
            listening = _listening;
        }

        if (listening.Length > 0)
        {
            Tell(listening, entry);
        }
    }

    public CUresult Register(delegate* unmanaged[Cdecl]<void*, CUlogLevel, byte*, nuint, void> function, void* userData, CUlogsCallbackHandle* handle)
    {
        if (function == null || handle == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        lock (_lock)
        {
            _listeners[++_lastListener] = new Listener((nint)function, (nint)userData);
            _listening = [.. _listeners.Values];
            *handle = new CUlogsCallbackHandle(_lastListener);
        }

        return CUresult.CUDA_SUCCESS;
    }

    public CUresult Unregister(CUlogsCallbackHandle handle)
    {
        lock (_lock)
        {
            if (!_listeners.Remove(handle.Value))
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            _listening = [.. _listeners.Values];
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <summary>The place behind the newest entry.</summary>
    public CUresult Current(uint* iterator, uint flags)
    {
        if (iterator == null || flags != 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        lock (_lock)
        {
            *iterator = _written;
        }

        return CUresult.CUDA_SUCCESS;
    }

    /// <summary>Writes all lines from the iterator on, or all there are, and moves it behind the last.</summary>
    public CUresult Dump(uint* iterator, byte* path, uint flags)
    {
        if (path == null || flags != 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        string[] lines = Lines(iterator, out uint next, out bool isWhole);
        try
        {
            File.WriteAllText(
                System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)path)!,
                (isWhole ? "" : Truncated) + string.Concat(lines.Select(static line => line + "\n")));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        Advance(iterator, next);
        return CUresult.CUDA_SUCCESS;
    }

    /// <summary>The same into memory: the newest lines that fit, a NUL behind them. <paramref name="size"/> is its room, then what was written.</summary>
    public CUresult Dump(uint* iterator, byte* buffer, nuint* size, uint flags)
    {
        if (buffer == null || size == null || *size is 0 or > MaximumDump || flags != 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        List<byte[]> lines = [.. Lines(iterator, out uint next, out bool isWhole).Select(static line => Encoding.UTF8.GetBytes(line + "\n"))];
        int room = (int)*size - 1, needed = lines.Sum(static line => line.Length);
        byte[] note = Encoding.UTF8.GetBytes(Truncated);
        if ((!isWhole || needed > room) && note.Length <= room)
        {
            room -= note.Length;
            isWhole = false;
        }
        else
        {
            isWhole = true;
        }

        int first = lines.Count;
        for (int left = room; first > 0 && lines[first - 1].Length <= left; first--)
        {
            left -= lines[first - 1].Length;
        }

        // SAFETY: the program promises that much memory; note, lines and NUL were counted into it.
        var output = new Span<byte>(buffer, (int)*size);
        int written = 0;
        foreach (byte[] bytes in isWhole ? lines.Skip(first) : lines.Skip(first).Prepend(note))
        {
            bytes.CopyTo(output[written..]);
            written += bytes.Length;
        }

        output[written] = 0;
        *size = (nuint)written;
        Advance(iterator, next);
        return CUresult.CUDA_SUCCESS;
    }

    private string[] Lines(uint* iterator, out uint next, out bool isWhole)
    {
        lock (_lock)
        {
            next = _written;
            uint wanted = iterator == null ? _written : _written - *iterator, kept = Math.Min(_written, Capacity);
            // An iterator from elsewhere means everything.
            isWhole = wanted <= kept;
            uint count = Math.Min(wanted, kept);
            string[] lines = new string[count];
            for (uint i = 0; i < count; i++)
            {
                lines[i] = _entries[(_written - count + i) % Capacity].ToString();
            }

            return lines;
        }
    }

    private static void Advance(uint* iterator, uint next)
    {
        if (iterator != null)
        {
            *iterator = next;
        }
    }

    private static void Tell(Listener[] listening, in Entry entry)
    {
        byte[] message = Encoding.UTF8.GetBytes(entry + "\0");
        fixed (byte* text = message)
        {
            foreach (Listener listener in listening)
            {
                // SAFETY: the program promises that the function can be called with its data until it is unregistered.
                ((delegate* unmanaged[Cdecl]<void*, CUlogLevel, byte*, nuint, void>)listener.Function)(
                    (void*)listener.UserData, CUlogLevel.CU_LOG_LEVEL_ERROR, text, (nuint)message.Length - 1);
            }
        }
    }

    private readonly record struct Listener(nint Function, nint UserData);

    private readonly record struct Entry(string Subject, CUresult Result, string? Note)
    {
        public override string ToString() =>
            Subject + (Result == CUresult.CUDA_SUCCESS ? "" : $": {CudaErrors.Name(Result)}") + (Note is null ? "" : $" ({Note})");
    }
}
