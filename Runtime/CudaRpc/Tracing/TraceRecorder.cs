using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace CudaRpc.Tracing;

/// <summary>What this process records in one trace file: its threads' calls, and what the servers of its sessions tell of them.</summary>
/// <remarks>One for each file, for the life of the process: a thread may be in a call when the last session ends.</remarks>
internal sealed class TraceRecorder
{
    private static readonly ConcurrentDictionary<string, Lazy<TraceRecorder>> s_recorders = new();

    [ThreadStatic]
    private static ThreadTrace? t_current;

    // Guards _threads, and _times with what is written to it.
    private readonly Lock _lock = new();
    private readonly List<ThreadTrace> _threads = [];
    private readonly TraceChunkWriter _times;
    private int _sessions;
    private bool _hasServer;

    private TraceRecorder(TraceOutput output, bool deviceTimes)
    {
        Output = output;
        DeviceTimes = deviceTimes;
        _times = new TraceChunkWriter(output);
    }

    /// <summary>The file.</summary>
    public TraceOutput Output { get; }

    /// <summary>Whether it is to have device times.</summary>
    public bool DeviceTimes { get; }

    /// <summary>Numbers of streams and events in the trace.</summary>
    public TraceHandles Handles { get; } = new();

    /// <summary>What the calling thread records.</summary>
    public ThreadTrace Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => t_current is { } current && ReferenceEquals(current.Recorder, this) ? current : Find();
    }

    /// <summary>The process's recorder for a file, which it begins if there is none.</summary>
    /// <exception cref="IOException">The file cannot be written, or is something else.</exception>
    public static TraceRecorder For(string path, bool deviceTimes)
    {
        string full = Path.GetFullPath(path);
        var made = s_recorders.GetOrAdd(full, static (name, device) => new Lazy<TraceRecorder>(() => Open(name, device)), deviceTimes);
        try
        {
            return made.Value;
        }
        catch (IOException)
        {
            s_recorders.TryRemove(full, out _);
            throw;
        }
    }

    /// <summary>A number for a session, from 1.</summary>
    public uint NextSession() => (uint)Interlocked.Increment(ref _sessions);

    /// <summary>Says where the process's devices are; of several sessions the first counts.</summary>
    public void NoteServer(string server, string device, long roundTrip)
    {
        lock (_lock)
        {
            if (!_hasServer)
            {
                _hasServer = true;
                TraceFile.WriteServer(_times, server, device, roundTrip);
            }
        }
    }

    /// <summary>Adds times of a session's frames as they are: whoever reads the trace decodes them.</summary>
    /// <param name="session">The session's number.</param>
    /// <param name="records">As docs/protocol.md has them.</param>
    /// <param name="offset">What to add to their clock to get this machine's.</param>
    public void AddTimes(uint session, ReadOnlySpan<byte> records, long offset)
    {
        lock (_lock)
        {
            _times.SetSession(session);
            _times.WriteBunch(offset - Output.ClockOrigin, records);
        }
    }

    /// <summary>Adds when the device did the work of a call, in nanoseconds of this machine's clock.</summary>
    public void AddDeviceTime(uint session, ulong number, long begin, long end)
    {
        lock (_lock)
        {
            _times.SetSession(session);
            _times.WriteTimes(number, -1, -1, Math.Max(0, begin - Output.ClockOrigin), Math.Max(0, end - Output.ClockOrigin));
        }
    }

    /// <summary>Times of calls that the server has not kept.</summary>
    public void AddLost(long count)
    {
        lock (_lock)
        {
            _times.WriteLost(count);
        }
    }

    private static TraceRecorder Open(string path, bool deviceTimes)
    {
        bool begins = !File.Exists(path);
        var recorder = new TraceRecorder(TraceOutput.Join(path), deviceTimes);
        if (begins)
        {
            TraceFile.WriteCommand(recorder._times, CommandLine(), Environment.ProcessorCount, deviceTimes);
        }

        return recorder;
    }

    // Of the process: the runtime's own list is empty where it is a library in somebody's program.
    private static string[] CommandLine()
    {
        try
        {
            return File.ReadAllText("/proc/self/cmdline").TrimEnd('\0').Split('\0');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Environment.GetCommandLineArgs();
        }
    }

    // A thread that has ended leaves its chunk to the next one, so that many short threads do not take one each.
    private ThreadTrace Find()
    {
        lock (_lock)
        {
            ThreadTrace? own = _threads.Find(static trace => trace.Owner == Thread.CurrentThread);
            if (own is null)
            {
                own = _threads.Find(static trace => !trace.Owner.IsAlive);
                if (own is null)
                {
                    own = new ThreadTrace(this);
                    _threads.Add(own);
                }

                own.Adopt(Thread.CurrentThread);
            }

            return t_current = own;
        }
    }
}
