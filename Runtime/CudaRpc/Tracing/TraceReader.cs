using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Tracing;

/// <summary>
/// Reads a trace chunk by chunk. What cannot be understood costs its chunk, or the rest of it, and is told in the problems.
/// </summary>
internal sealed partial class TraceReader
{
    // Beyond any trace's times and sizes, and far from overflow.
    private const long Most = 1L << 60;
    private const int MostProblems = 100;

    private readonly TraceJoin _join = new();
    private readonly List<string> _problems = [];
    private readonly List<string> _functions = [];
    private readonly Dictionary<string, int> _functionNumbers = [];
    private readonly List<TraceThread> _threads = [];
    private readonly Dictionary<(uint Instance, int Process, int Id), int> _threadNumbers = [];
    private readonly List<string> _command = [];
    private readonly Dictionary<TraceInfo, string> _infos = [];
    private readonly byte[] _chunk = new byte[TraceFormat.ChunkSize];
    private int _otherProblems;
    private long _unservedTimes;

    public Trace Read(SafeFileHandle file, string path)
    {
        byte[] page = new byte[TraceFormat.HeaderSize];
        int header = ReadFully(file, page, 0);
        if (header < TraceFormat.Magic.Length || !page.AsSpan().StartsWith(TraceFormat.Magic))
        {
            throw new FormatException($"{path} is no trace of cudarpc");
        }

        if (header < page.Length)
        {
            throw new FormatException($"{path} is cut off within its first page: there is nothing in it to read");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(TraceFormat.VersionAt));
        if (version != TraceFormat.Version)
        {
            throw new FormatException($"{path} is a trace of format {version}; this cudarpc reads format {TraceFormat.Version}");
        }

        long length = RandomAccess.GetLength(file);
        long chunks = BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(TraceFormat.ChunksAt));
        long there = Math.Max(0, length - TraceFormat.HeaderSize + TraceFormat.ChunkSize - 1) / TraceFormat.ChunkSize;
        long lost = BinaryPrimitives.ReadInt64LittleEndian(page.AsSpan(TraceFormat.LostAt));
        if (there < chunks)
        {
            Problem($"the file is truncated{(lost == 0 ? "" : ", or could not grow")}: {Math.Min(there, chunks)} of {chunks} chunks are there");
        }

        // Chunks that the first page does not know of are read as well, for that page may be damaged, up to the first that is none.
        for (long chunk = 0; chunk < there && (ReadChunk(file, chunk) || chunk < chunks); chunk++)
        {
        }

        if (lost != 0)
        {
            Problem($"{lost} calls are not recorded: there was no room for the file to grow");
        }

        if (_unservedTimes != 0)
        {
            Problem($"the server's times of {_unservedTimes} calls are missing: it made more than could be sent");
        }

        if (_otherProblems > 0)
        {
            _problems.Add($"{_otherProblems} more problems");
        }

        return new Trace(Header(page), _functions, _threads, _join.Finish(), _problems);
    }

    private TraceHeader Header(ReadOnlySpan<byte> page)
    {
        long began = BinaryPrimitives.ReadInt64LittleEndian(page[TraceFormat.BeganAt..]) / TimeSpan.NanosecondsPerTick;
        return new TraceHeader
        {
            Command = _command,
            Server = _infos.GetValueOrDefault(TraceInfo.Server, ""),
            Device = _infos.GetValueOrDefault(TraceInfo.Device, ""),
            HasDeviceTimes = _infos.ContainsKey(TraceInfo.DeviceTimes),
            Processors = (int)Math.Min(Number(TraceInfo.Processors), int.MaxValue),
            RoundTrip = Number(TraceInfo.RoundTrip),
            Began = DateTimeOffset.UnixEpoch.AddTicks(Math.Clamp(began, 0, DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks)),
        };
    }

    private long Number(TraceInfo info) =>
        long.TryParse(_infos.GetValueOrDefault(info), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;

    // Whether somebody began to write there.
    private bool ReadChunk(SafeFileHandle file, long number)
    {
        int read = ReadFully(file, _chunk.AsSpan(0, TraceFormat.ChunkHeaderSize), TraceFormat.OffsetOf(number));
        if (read < TraceFormat.ChunkHeaderSize)
        {
            return false;
        }

        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(_chunk);
        uint committed = BinaryPrimitives.ReadUInt32LittleEndian(_chunk.AsSpan(TraceFormat.CommittedAt));
        if (magic == 0 && committed is 0 or TraceFormat.ChunkHeaderSize)
        {
            // Handed out to a process that ended before it wrote to it.
            return false;
        }

        read += ReadFully(file, _chunk.AsSpan(TraceFormat.ChunkHeaderSize), TraceFormat.OffsetOf(number) + read);
        if (magic != TraceFormat.ChunkMagic || committed is < TraceFormat.ChunkHeaderSize or > TraceFormat.ChunkSize)
        {
            Problem($"chunk {number} is damaged; what it held is missing");
            return true;
        }

        uint sum = BinaryPrimitives.ReadUInt32LittleEndian(_chunk.AsSpan(TraceFormat.SumAt));
        ReadOnlySpan<byte> records = _chunk.AsSpan(TraceFormat.ChunkHeaderSize..Math.Min((int)committed, read));
        bool whole = read >= committed;
        if (whole && sum != 0 && TraceOutput.Sum(records) != sum)
        {
            Problem($"chunk {number} is damaged: its checksum is wrong; what it held is missing");
            return true;
        }

        try
        {
            ReadRecords(records, BinaryPrimitives.ReadUInt32LittleEndian(_chunk.AsSpan(TraceFormat.InstanceAt)));
        }
        catch (FormatException failure)
        {
            Problem(whole
                ? $"chunk {number} is damaged ({failure.Message}); the rest of it is missing"
                : $"chunk {number} is truncated; the rest of it is missing");
        }

        return true;
    }

    private void Problem(string text)
    {
        if (_problems.Count < MostProblems)
        {
            _problems.Add(text);
        }
        else
        {
            _otherProblems++;
        }
    }

    private static int ReadFully(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int read = 0;
        while (read < buffer.Length && RandomAccess.Read(file, buffer[read..], offset + read) is > 0 and int more)
        {
            read += more;
        }

        return read;
    }
}
