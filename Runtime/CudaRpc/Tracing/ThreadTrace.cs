using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Images;
using CudaRpc.Protocol;

namespace CudaRpc.Tracing;

/// <summary>
/// The call that a thread is in, and where the thread's calls are written. What carries the call adds to it what it sends and receives.
/// </summary>
internal sealed unsafe partial class ThreadTrace
{
    private const int CachedHandles = 64;

    /// <summary>What a posted call copies to its queue without taking notably longer than others.</summary>
    public const long SmallPost = 4096;

    // Values of CUstream.
    private const nint Legacy = 1;
    private const nint PerThread = 2;

    private readonly TraceChunkWriter _writer;
    private readonly long _origin;

    // Streams and events that were used lately and their numbers, by the low bits of the handle.
    private readonly (nint Handle, int Number)[] _streams = new (nint, int)[CachedHandles];
    private readonly (nint Handle, int Number)[] _events = new (nint, int)[CachedHandles];
    private int _version;
    private int _ownStream;
    private bool _isRemote;
    private bool _isAssumedPosted;
    private long _begin;
    private ulong _first;
    private ulong _last;
    private long _bytesOut;
    private long _bytesIn;
    private long _bytesSaved;
    private int _roundTrips;
    private TraceMarks _marks;

    public ThreadTrace(TraceRecorder recorder)
    {
        Recorder = recorder;
        _origin = recorder.Output.ClockOrigin;
        _writer = new TraceChunkWriter(recorder.Output);
        Owner = Thread.CurrentThread;
    }

    public TraceRecorder Recorder { get; }

    /// <summary>Whose calls these are.</summary>
    public Thread Owner { get; private set; }

    /// <summary>What the call gives the device, where that is measured here.</summary>
    public DeviceWork Work { get; private set; }

    /// <summary>The calls that follow are of the calling thread.</summary>
    public void Adopt(Thread thread)
    {
        Owner = thread;
        _ownStream = 0;
        int id = gettid();
        _writer.SetThread(new TraceThread(Environment.ProcessId, id, NameOf(id) is { Length: > 0 } name ? name : thread.Name ?? ""));
    }

    /// <summary>The program makes a call.</summary>
    /// <param name="session">Number of the session whose it is.</param>
    /// <param name="isRemote">Whether it is remoted, so that what carries it tells its bytes; else they are what remoting would
    /// take.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(uint session, bool isRemote)
    {
        _writer.SetSession(session);
        _isRemote = isRemote;
        _isAssumedPosted = false;
        (_first, _last, _bytesOut, _bytesIn, _bytesSaved, _roundTrips, _marks) = (0, 0, 0, 0, 0, 0, 0);
        _begin = TraceFormat.Now;
    }

    /// <summary>The call returns <paramref name="result"/>.</summary>
    public CUresult Leave(int function, CUresult result, nint stream = 0, nint @event = 0)
    {
        ref readonly TracedFunction row = ref TracedFunctions.Rows[function];
        int streamNumber = stream is 0 or Legacy ? 0 : NumberOfStream(stream);
        int eventNumber = @event == 0 ? 0 : NumberOfEvent(@event);
        if (IsPlainPost && result == CUresult.CUDA_SUCCESS && !_writer.WantsEnd(function))
        {
            _writer.WritePost(function, row.Name, _begin - _origin, _first, _bytesOut, _marks, streamNumber, eventNumber);
            return result;
        }

        long end = TraceFormat.Now;
        TraceClass travelled;
        if (_isRemote)
        {
            travelled = _roundTrips > 0 ? (row.Class == TraceClass.Blocking ? TraceClass.Blocking : TraceClass.Synchronous)
                : _first != 0 ? TraceClass.Posted : TraceClass.Local;
            _marks |= row.Marks & TraceMarks.Poll;
        }
        else
        {
            travelled = Assume(row);
        }

        _writer.Write(
            new TraceCall
            {
                Thread = 0,
                Function = function,
                Begin = _begin - _origin,
                End = end - _origin,
                Class = travelled,
                Marks = _marks,
                Result = (int)result,
                RoundTrips = _roundTrips,
                BytesOut = _bytesOut,
                BytesIn = _bytesIn,
                BytesSaved = _bytesSaved,
                Stream = streamNumber,
                Event = eventNumber,
            },
            row.Name, _first, _last);
        return result;
    }

    /// <summary>A frame of the call has got its number and will leave.</summary>
    public void Sent(ulong sequence, bool isPosted, long bytes)
    {
        _first = _first == 0 ? sequence : _first;
        _last = sequence;
        _bytesOut += bytes;
        _roundTrips += isPosted ? 0 : 1;
    }

    /// <summary>Bytes to the server that are no call's frame.</summary>
    public void SentAlong(long bytes) => _bytesOut += bytes;

    /// <summary>Bytes from the server, now or when a stream gets there.</summary>
    public void Received(long bytes) => _bytesIn += bytes;

    /// <summary>One of the techniques that made the call cheaper.</summary>
    public void Mark(TraceMarks mark) => _marks |= mark;

    /// <summary>Bytes that the server had.</summary>
    public void Saved(long bytes)
    {
        _bytesSaved += bytes;
        _marks |= TraceMarks.Deduplicated;
    }

    /// <summary>The call gives the device work that is measured, and has its number although nothing is sent.</summary>
    public void BeginWork(in DeviceWork work)
    {
        Work = work;
        (_first, _last) = (work.Number, work.Number);
    }

    /// <summary>Bytes of the program that the call copies, which remoting would carry: at once, or when the stream gets there.</summary>
    public void Carries(nuint toDevice, nuint toHost, bool comesLater = false)
    {
        if (!_isRemote)
        {
            (_bytesOut, _bytesIn) = ((long)toDevice, (long)toHost);
            _isAssumedPosted = comesLater || (toHost == 0 && toDevice <= ProtocolLimits.PostedCopy);
        }
    }

    /// <inheritdoc cref="Carries(nuint, nuint, bool)"/>
    public void Carries(CUDA_MEMCPY2D_v2* copy)
    {
        if (copy != null)
        {
            Carries(copy->srcMemoryType, copy->dstMemoryType, copy->WidthInBytes * copy->Height);
        }
    }

    /// <inheritdoc cref="Carries(nuint, nuint, bool)"/>
    public void Carries(CUDA_MEMCPY3D_v2* copy)
    {
        if (copy != null)
        {
            Carries(copy->srcMemoryType, copy->dstMemoryType, copy->WidthInBytes * copy->Height * copy->Depth);
        }
    }

    /// <summary>A module's image, of which remoting would send about this.</summary>
    public void CarriesImage(void* image)
    {
        if (!_isRemote && image != null)
        {
            using OutgoingImage outgoing = OutgoingImage.Measure((byte*)image, []);
            _bytesOut = (long)outgoing.Length;
        }
    }

    // Whether the call only queued a frame, so that it took what others of its function take.
    private bool IsPlainPost => _first != 0 && _roundTrips == 0 && _isRemote && _first == _last && (_bytesIn | _bytesSaved) == 0
        && _bytesOut <= SmallPost && (_marks & (TraceMarks.Waited | TraceMarks.Woke)) == 0;

    // What remoting would make of the call.
    private TraceClass Assume(in TracedFunction row)
    {
        _marks = row.Marks;
        if (row.Class == TraceClass.Local)
        {
            (_bytesOut, _bytesIn) = (0, 0);
            return TraceClass.Local;
        }

        _bytesOut += row.Bytes;
        if (row.Class == TraceClass.Posted || _isAssumedPosted)
        {
            return TraceClass.Posted;
        }

        _bytesIn += FrameHeader.Size + 1;
        _roundTrips = 1;
        return row.Class;
    }

    private void Carries(CUmemorytype source, CUmemorytype destination, nuint bytes) => Carries(
        source == CUmemorytype.CU_MEMORYTYPE_HOST ? bytes : 0, destination == CUmemorytype.CU_MEMORYTYPE_HOST ? bytes : 0);

    private int NumberOfStream(nint stream)
    {
        if (stream == PerThread)
        {
            // Each thread's is another one.
            return _ownStream != 0 ? _ownStream : _ownStream = Recorder.Handles.NewStream();
        }

        ForgetOld();
        ref (nint Handle, int Number) cached = ref _streams[Slot(stream)];
        if (cached.Handle != stream)
        {
            cached = (stream, Recorder.Handles.OfStream(stream));
        }

        return cached.Number;
    }

    private int NumberOfEvent(nint @event)
    {
        ForgetOld();
        ref (nint Handle, int Number) cached = ref _events[Slot(@event)];
        if (cached.Handle != @event)
        {
            cached = (@event, Recorder.Handles.OfEvent(@event));
        }

        return cached.Number;
    }

    private void ForgetOld()
    {
        int version = Recorder.Handles.Version;
        if (version != _version)
        {
            _version = version;
            Array.Clear(_streams);
            Array.Clear(_events);
        }
    }

    // Handles are addresses, or numbers above a byte that says what they are.
    private static int Slot(nint handle) => (int)((handle >>> 4) ^ (handle >>> 10)) & (CachedHandles - 1);

    private static string NameOf(int thread)
    {
        try
        {
            return File.ReadAllText($"/proc/self/task/{thread}/comm").TrimEnd('\n');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [LibraryImport("libc")]
    private static partial int gettid();
}
