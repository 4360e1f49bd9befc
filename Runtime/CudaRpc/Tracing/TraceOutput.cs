using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using CudaRpc.Transport;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Tracing;

/// <summary>
/// A trace file that this process writes to, maybe with others: it hands out chunks, which are mapped, so that what has been written to
/// one is in the file whatever becomes of the process. Safe from any thread.
/// </summary>
internal sealed unsafe class TraceOutput : IDisposable
{
    private static readonly byte[] s_empty = new byte[TraceFormat.ChunkSize];

    private readonly SafeFileHandle _file;
    private readonly FileStatus _status;
    private readonly byte* _page;
    private readonly uint _instance;
    private readonly Lock _taking = new();

    private TraceOutput(SafeFileHandle file, string path)
    {
        _file = file;
        Path = System.IO.Path.GetFullPath(path);
        _status = FileStatus.Of(file);
        _page = (byte*)Pages.MapShared(file, TraceFormat.HeaderSize);
        if (_page == null)
        {
            throw new IOException($"{path} cannot be mapped");
        }

        ClockOrigin = *(long*)(_page + TraceFormat.ClockAt);
        _instance = Word(TraceFormat.ProcessesAt, 1);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Time 0 of the trace on this machine's monotonic clock, nanoseconds.</summary>
    public long ClockOrigin { get; }

    /// <summary>Begins a trace, in place of a file that is there.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static TraceOutput Create(string path) => Create(path, DateTimeOffset.UtcNow, TraceFormat.Now, replace: true);

    /// <summary>
    /// Begins a trace that no other <see cref="CreateAlone"/> takes over until this one is disposed. Others may add to it.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written, or somebody else records into it.</exception>
    public static TraceOutput CreateAlone(string path)
    {
        RefuseDevices(path);
        // Whoever may replace the file has it locked; the one that comes in its place is locked before it has its name.
        using SafeFileHandle? before = File.Exists(path) ? Lock(Open(path, FileMode.Open), path) : null;
        bool isStillThere = before is not null && FileStatus.Of(before) == FileStatus.Of(path);
        return Create(path, DateTimeOffset.UtcNow, TraceFormat.Now, replace: isStillThere, alone: true);
    }

    /// <summary>Adds to the trace at <paramref name="path"/>, which begins here if there is none.</summary>
    /// <exception cref="IOException">The file cannot be written, or is no trace that this process can add to.</exception>
    public static TraceOutput Join(string path)
    {
        if (!File.Exists(path))
        {
            return Create(path, DateTimeOffset.UtcNow, TraceFormat.Now, replace: false);
        }

        RefuseDevices(path);
        SafeFileHandle file = Open(path, FileMode.Open);
        try
        {
            Span<byte> page = stackalloc byte[TraceFormat.ChunksAt];
            if (RandomAccess.Read(file, page, 0) < page.Length || !page.StartsWith(TraceFormat.Magic)
                || BinaryPrimitives.ReadUInt32LittleEndian(page[TraceFormat.VersionAt..]) != TraceFormat.Version)
            {
                throw new IOException($"{path} exists and is no trace of this version; delete it or name another file");
            }

            return page[TraceFormat.BootAt..TraceFormat.ChunksAt].SequenceEqual(BootId())
                ? new TraceOutput(file, path)
                : throw new IOException(
                    $"{path} is a trace of another machine or boot, nothing can be added; delete it or name another file");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Begins a trace with a given origin.</summary>
    internal static TraceOutput Create(string path, DateTimeOffset began, long origin, bool replace, bool alone = false)
    {
        RefuseDevices(path);
        byte[] page = new byte[TraceFormat.HeaderSize];
        TraceFormat.Magic.CopyTo(page);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(TraceFormat.VersionAt), TraceFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(TraceFormat.ChunkSizeAt), TraceFormat.ChunkSize);
        long nanoseconds = (began - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(TraceFormat.BeganAt), nanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(TraceFormat.ClockAt), origin);
        BootId().CopyTo(page.AsSpan(TraceFormat.BootAt));

        // Under its name only when it is whole: other processes may be about to join it.
        string temporary = $"{path}.{Environment.ProcessId}";
        try
        {
            SafeFileHandle file = Open(temporary, FileMode.Create);
            try
            {
                TraceLibc.Write(file, page, 0);
                if (alone)
                {
                    Lock(file, path);
                }

                File.Move(temporary, path, replace);
                return new TraceOutput(file, path);
            }
            catch (IOException) when (!replace && File.Exists(path))
            {
                // Another process was faster.
                file.Dispose();
                File.Delete(temporary);
                return alone ? throw new IOException(IsRecording(path)) : Join(path);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }

            // Nobody has heard of the other name.
            string reason = failure.Message.Replace(temporary, path, StringComparison.Ordinal);
            throw new IOException($"the trace {path} cannot be written: {reason}", failure);
        }
    }

    /// <summary>A chunk to write to, mapped and empty; null where the file cannot grow.</summary>
    public byte* Take()
    {
        // One at a time, so that what this process cannot use is the last one and can be given back.
        using Lock.Scope taking = _taking.EnterScope();
        uint number = Word(TraceFormat.ChunksAt, 1) - 1;
        long offset = TraceFormat.OffsetOf(number);
        // A program may have closed our descriptor with all others, and its number may be another file's by now.
        using SafeFileHandle? again = IsOurs(_file) ? null : Reopen();
        SafeFileHandle file = again ?? _file;
        byte* chunk = IsOurs(file) && TryGrow(file, offset)
            ? (byte*)TraceLibc.MapShared(file, (nint)offset, TraceFormat.ChunkSize)
            : null;
        if (chunk != null)
        {
            *(uint*)(chunk + TraceFormat.InstanceAt) = _instance;
            Volatile.Write(ref *(uint*)(chunk + TraceFormat.CommittedAt), TraceFormat.ChunkHeaderSize);
            Volatile.Write(ref *(uint*)chunk, TraceFormat.ChunkMagic);
        }
        else
        {
            // Given back, so that the reader misses no chunk; unless another process, which may have room, has taken a later one.
            Interlocked.CompareExchange(ref *(uint*)(_page + TraceFormat.ChunksAt), number, number + 1);
        }

        return chunk;
    }

    /// <summary>Gives a chunk back that is full, or to which nothing will be added.</summary>
    public static void Return(byte* chunk)
    {
        int committed = *(int*)(chunk + TraceFormat.CommittedAt);
        uint sum = Sum(new ReadOnlySpan<byte>(chunk + TraceFormat.ChunkHeaderSize, committed - TraceFormat.ChunkHeaderSize));
        Volatile.Write(ref *(uint*)(chunk + TraceFormat.SumAt), sum);
        Pages.Unmap((ulong)chunk, TraceFormat.ChunkSize);
    }

    /// <summary>Counts a call that could not be recorded.</summary>
    public void CountLost() => Interlocked.Increment(ref *(long*)(_page + TraceFormat.LostAt));

    /// <summary>CRC-32C of a chunk's records; never 0, which stands for "not finished".</summary>
    public static uint Sum(ReadOnlySpan<byte> records)
    {
        uint sum = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(records);
        foreach (ulong word in words)
        {
            sum = BitOperations.Crc32C(sum, word);
        }

        foreach (byte rest in records[(words.Length * sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, rest);
        }

        return sum == 0 ? 1 : sum;
    }

    /// <summary>Closes the file. Chunks that are in use stay mapped.</summary>
    public void Dispose()
    {
        Pages.Unmap((ulong)_page, TraceFormat.HeaderSize);
        if (!IsOurs(_file))
        {
            _file.SetHandleAsInvalid();
        }

        _file.Dispose();
    }

    // Replacing /dev/null would take it from the whole machine, and opening a pipe may wait for ever.
    private static void RefuseDevices(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path} is a folder; name a file");
        }

        if (File.Exists(path) && !FileStatus.Of(path).IsRegular)
        {
            throw new IOException($"{path} is a device or a pipe, where no trace can be kept; name a file");
        }
    }

    // Written, not only allocated: pages that are in memory already are mapped five times as fast (2026-11-28, ext4, a virtual machine: 23
    // us a chunk and 122). Never shrinks the file, unlike ftruncate of two processes, and finds out about a full disk here, not by SIGBUS
    // at a store.
    private static bool TryGrow(SafeFileHandle file, long offset)
    {
        try
        {
            TraceLibc.Write(file, s_empty, offset);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private bool IsOurs(SafeFileHandle file) => FileStatus.Of(file) == _status;

    private SafeFileHandle? Reopen()
    {
        try
        {
            return FileStatus.Of(Path) == _status ? Open(Path, FileMode.Open) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string IsRecording(string path) => $"another run is being recorded in {path}; name another file, or wait for its end";

    private static SafeFileHandle Lock(SafeFileHandle file, string path)
    {
        if (!TraceLibc.TryLock(file))
        {
            file.Dispose();
            throw new IOException(IsRecording(path));
        }

        return file;
    }

    private static SafeFileHandle Open(string path, FileMode mode)
    {
        try
        {
            return File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    // Two traces of one boot have comparable clocks. Empty where the system does not tell.
    private static byte[] BootId()
    {
        byte[] id = new byte[TraceFormat.ChunksAt - TraceFormat.BootAt];
        try
        {
            string text = File.ReadAllText("/proc/sys/kernel/random/boot_id").Replace("-", "", StringComparison.Ordinal);
            Encoding.ASCII.GetBytes(text.AsSpan(0, id.Length), id);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            Array.Clear(id);
        }

        return id;
    }

    // SAFETY: a word of the mapped page. Other processes add to it as well; the memory is shared, so the addition is one for all.
    private uint Word(int offset, uint add) => Interlocked.Add(ref *(uint*)(_page + offset), add);
}
