using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Tracing;

/// <summary>Reads a trace chunk by chunk. What cannot be understood costs its chunk, or the rest of it, and is told in the problems.</summary>
internal sealed class TraceReader
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

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(TraceFormat.VersionAt));
        if (version != TraceFormat.Version)
        {
            throw new FormatException($"{path} is a trace of format {version}; this cudarpc reads format {TraceFormat.Version}");
        }

        long length = RandomAccess.GetLength(file);
        long chunks = BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(TraceFormat.ChunksAt));
        long there = Math.Max(0, length - TraceFormat.HeaderSize + TraceFormat.ChunkSize - 1) / TraceFormat.ChunkSize;
        if (header < page.Length || there < chunks)
        {
            Problem($"the file is truncated: {Math.Min(there, chunks)} of {chunks} chunks are there");
        }

        for (long chunk = 0; chunk < there; chunk++)
        {
            ReadChunk(file, chunk);
        }

        long lost = BinaryPrimitives.ReadInt64LittleEndian(page.AsSpan(TraceFormat.LostAt));
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

    private void ReadChunk(SafeFileHandle file, long number)
    {
        int read = ReadFully(file, _chunk, TraceFormat.OffsetOf(number));
        if (read < TraceFormat.ChunkHeaderSize)
        {
            return;
        }

        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(_chunk);
        uint committed = BinaryPrimitives.ReadUInt32LittleEndian(_chunk.AsSpan(TraceFormat.CommittedAt));
        if (magic == 0 && committed is 0 or TraceFormat.ChunkHeaderSize)
        {
            // Handed out to a process that ended before it wrote to it.
            return;
        }

        if (magic != TraceFormat.ChunkMagic || committed is < TraceFormat.ChunkHeaderSize or > TraceFormat.ChunkSize)
        {
            Problem($"chunk {number} is damaged; what it held is missing");
            return;
        }

        uint sum = BinaryPrimitives.ReadUInt32LittleEndian(_chunk.AsSpan(TraceFormat.SumAt));
        ReadOnlySpan<byte> records = _chunk.AsSpan(TraceFormat.ChunkHeaderSize, Math.Min((int)committed, read) - TraceFormat.ChunkHeaderSize);
        bool whole = read >= committed;
        if (whole && sum != 0 && TraceOutput.Sum(records) != sum)
        {
            Problem($"chunk {number} is damaged: its checksum is wrong; what it held is missing");
            return;
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
    }

    private void ReadRecords(ReadOnlySpan<byte> bytes, uint instance)
    {
        var records = new TraceRecords(bytes);
        var state = new TraceChunkState(instance);
        while (!records.IsAtEnd)
        {
            byte tag = records.ReadByte();
            switch (tag)
            {
                case >= TraceTag.Call:
                    ReadCall(ref records, state, tag);
                    break;
                case TraceTag.Name:
                    state.Functions.Add(NumberOf(records.ReadText()));
                    break;
                case TraceTag.Thread:
                    (state.Thread, state.LastTime) = (ThreadOf(ref records, instance), 0);
                    break;
                case TraceTag.Session:
                    (state.Session, state.LastSequence) = ((uint)records.ReadNumber(uint.MaxValue), 0);
                    break;
                case TraceTag.Info:
                    ReadInfo(ref records);
                    break;
                case TraceTag.Times:
                    ReadTimes(ref records, state);
                    break;
                case TraceTag.Bunch:
                    ReadBunch(ref records, state);
                    break;
                case TraceTag.Lost:
                    _unservedTimes = Math.Min(Most, _unservedTimes + records.ReadNumber(Most));
                    break;
                default:
                    throw records.Broken();
            }
        }
    }

    private void ReadCall(ref TraceRecords records, TraceChunkState state, byte tag)
    {
        int function = (int)records.ReadNumber(TraceFormat.MaximumFunctions);
        long begin = state.LastTime + records.ReadSigned();
        long duration = records.ReadNumber(Most);
        if (function >= state.Functions.Count || state.Thread < 0 || begin is < 0 or > Most)
        {
            throw records.Broken();
        }

        state.LastTime = begin + duration;
        long bytesOut = 0, bytesIn = 0, roundTrips = 0, saved = 0;
        ulong first = 0, last = 0;
        if ((tag & TraceTag.IsSent) != 0)
        {
            bytesOut = records.ReadNumber(Most);
            bytesIn = records.ReadNumber(Most);
            roundTrips = records.ReadNumber(int.MaxValue);
            first = state.LastSequence + (ulong)records.ReadSigned();
            last = first + records.ReadUnsigned();
            state.LastSequence = last;
        }

        int result = (tag & TraceTag.HasResult) != 0 ? (int)(uint)records.ReadNumber(uint.MaxValue) : 0;
        TraceMarks marks = 0;
        if ((tag & TraceTag.HasMarks) != 0)
        {
            marks = (TraceMarks)records.ReadByte();
            saved = records.ReadNumber(Most);
        }

        int stream = (tag & TraceTag.HasStream) != 0 ? (int)records.ReadNumber(int.MaxValue) : 0;
        int @event = (tag & TraceTag.HasEvent) != 0 ? (int)records.ReadNumber(int.MaxValue) : 0;
        var call = new TraceCall
        {
            Thread = state.Thread,
            Function = state.Functions[function],
            Begin = begin,
            End = begin + duration,
            Class = (TraceClass)(tag & TraceTag.ClassBits),
            Marks = marks,
            Result = result,
            RoundTrips = (int)roundTrips,
            BytesOut = bytesOut,
            BytesIn = bytesIn,
            BytesSaved = saved,
            Stream = stream,
            Event = @event,
            ServerBegin = -1,
            ServerEnd = -1,
            DeviceBegin = -1,
            DeviceEnd = -1,
        };
        _join.Add(call, new TraceKey(state.Instance, state.Session, first), last);
    }

    private void ReadTimes(ref TraceRecords records, TraceChunkState state)
    {
        byte parts = records.ReadByte();
        if (parts is 0 or > (TraceTag.OfServer | TraceTag.OfDevice))
        {
            throw records.Broken();
        }

        state.LastSequence += (ulong)records.ReadSigned();
        (long serverBegin, long serverEnd) = (parts & TraceTag.OfServer) != 0 ? ReadSpan(ref records, ref state.LastServer) : (-1, -1);
        (long deviceBegin, long deviceEnd) = (parts & TraceTag.OfDevice) != 0 ? ReadSpan(ref records, ref state.LastDevice) : (-1, -1);
        _join.Add(new TraceKey(state.Instance, state.Session, state.LastSequence), serverBegin, serverEnd, deviceBegin, deviceEnd);
    }

    private void ReadBunch(ref TraceRecords records, TraceChunkState state)
    {
        long shift = records.ReadSigned();
        var times = new TimesReader(records.ReadBytes(TraceFormat.LongestBunch));
        while (times.Read())
        {
            _join.Add(
                new TraceKey(state.Instance, state.Session, times.Sequence),
                Shifted(times.ServerBegin, shift), Shifted(times.ServerEnd, shift), Shifted(times.DeviceBegin, shift), Shifted(times.DeviceEnd, shift));
        }
    }

    // Before the trace began there was nothing: a clock's error must not make it look so.
    private static long Shifted(long time, long shift) => time < 0 ? -1 : Math.Clamp(time + shift, 0, Most);

    private static (long Begin, long End) ReadSpan(ref TraceRecords records, ref long last)
    {
        long begin = last + records.ReadSigned();
        long duration = records.ReadNumber(Most);
        if (begin is < 0 or > Most)
        {
            throw records.Broken();
        }

        last = begin + duration;
        return (begin, last);
    }

    private void ReadInfo(ref TraceRecords records)
    {
        var info = (TraceInfo)records.ReadByte();
        string text = records.ReadText();
        if (info == TraceInfo.Argument)
        {
            _command.Add(text);
        }
        else
        {
            // Of several processes the first one's.
            _infos.TryAdd(info, text);
        }
    }

    private int ThreadOf(ref TraceRecords records, uint instance)
    {
        int process = (int)records.ReadNumber(int.MaxValue);
        int id = (int)records.ReadNumber(int.MaxValue);
        string name = records.ReadText();
        if (!_threadNumbers.TryGetValue((instance, process, id), out int number))
        {
            number = _threads.Count;
            _threads.Add(new TraceThread(process, id, name));
            _threadNumbers[(instance, process, id)] = number;
        }

        return number;
    }

    private int NumberOf(string function)
    {
        if (!_functionNumbers.TryGetValue(function, out int number))
        {
            number = _functions.Count;
            _functions.Add(function);
            _functionNumbers[function] = number;
        }

        return number;
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

/// <summary>What a record's numbers count from.</summary>
internal sealed class TraceChunkState(uint instance)
{
    public uint Instance { get; } = instance;

    public List<int> Functions { get; } = [];

    public int Thread { get; set; } = -1;

    public uint Session { get; set; }

    public long LastTime { get; set; }

    public ulong LastSequence { get; set; }

    public long LastServer;

    public long LastDevice;
}
