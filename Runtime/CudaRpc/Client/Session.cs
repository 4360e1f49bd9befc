using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Tracing;
using CudaRpc.Transport;
using CudaRpc.Transport.Emulation;
using MessagePack;
using Microsoft.Extensions.Logging;

namespace CudaRpc.Client;

/// <summary>
/// A program's stay at a server: everything it creates there belongs to the session and is released when it ends, for any reason.
/// It holds one connection for its own life and one lane per calling thread. A call that begins after another has returned, in whichever
/// thread, reaches the driver after it: every call takes the session's next sequence number, and the server honours it.
/// </summary>
public sealed partial class Session : IDisposable
{
    [ThreadStatic]
    private static ThreadLanes? t_lanes;

    private readonly ServerUrl _url;
    private readonly SessionOptions _options;
    private readonly TimeSpan _connectTimeout;
    private readonly EmulatedLink? _network;
    private readonly Connection _control;
    private readonly byte[] _token;
    private readonly PrimaryContext[] _primaries;

    // Guards _lanes and the totals of lanes that have ended.
    private readonly Lock _lock = new();
    private readonly List<Lane> _lanes = [];
    private CallStatistics _retired;
    private Lane[] _pumped = [];
    private Exception? _lost;
    private bool _disposed;
    private bool _bugLogged;

    private Session(ServerUrl url, SessionOptions options, TraceRecorder? recorder)
    {
        _url = url;
        Recorder = recorder;
        _options = options;
        _connectTimeout = options.ConnectTimeout ?? ClientConfiguration.ReadTimeout();
        _network = url.Network is null ? null : new EmulatedLink(url.Network);
        FrameReader reader;
        Welcome welcome;
        try
        {
            (_control, reader, welcome) = Open([]);
        }
        catch
        {
            _network?.Dispose();
            throw;
        }

        Host = new HostLink(this, _control, reader);
        HostMemory = new HostMemory(this);
        _token = welcome.Token;
        ServerName = welcome.Server;
        Devices = welcome.Devices;
        _primaries = [.. Enumerable.Range(0, Devices.Devices.Count).Select(device => new PrimaryContext(HandleId.PrimaryContext(device)))];
        try
        {
            StartTrace(welcome, reader);
        }
        catch
        {
            _control.Dispose();
            _network?.Dispose();
            throw;
        }

        Streams = url.Streams > 1 ? new CopyStreams(this, url.Streams) : null;
        Turns = new PostTurns(Order, () => Pump!.Watch());
        Pump = new SendPump(PumpLanes, Order, Turns);
        if (HasServerTimes)
        {
            Host.Start();
        }

        Telemetry = SessionTelemetry.Start(this, url);
        if ((welcome.Features & Handshake.SpanContext) != 0 && Telemetry?.TraceParent is { } span)
        {
            Host.TellSpan(span);
        }
    }

    /// <summary>Name and version of the server, for people.</summary>
    public string ServerName { get; }

    /// <summary>Calls and bytes so far, of all threads.</summary>
    public CallStatistics Statistics
    {
        get
        {
            lock (_lock)
            {
                CallStatistics sum = _retired + Host.Statistics;
                foreach (Lane lane in _lanes)
                {
                    sum += lane.Statistics;
                }

                return sum;
            }
        }
    }

    internal ILogger Logger => _options.Logger;

    internal DeviceSnapshot Devices { get; }

    internal HandleTable Handles { get; } = new();

    /// <summary>The program's calls that failed.</summary>
    internal ErrorLog Errors { get; } = new();

    internal DeviceRanges Ranges { get; } = new();

    internal SendPump Pump { get; }

    /// <summary>The turns of threads that post call upon call.</summary>
    internal PostTurns Turns { get; }

    /// <summary>What the server asks of the program's memory and functions.</summary>
    internal HostLink Host { get; }

    /// <summary>Memory of the program that the driver knows.</summary>
    internal HostMemory HostMemory { get; }

    /// <summary>What large copies go over; null where that is the calling thread's connection alone.</summary>
    internal CopyStreams? Streams { get; }

    internal PrimaryContext Primary(int device) => _primaries[device];

    internal bool IsDisposed => Volatile.Read(ref _disposed);

    /// <summary>The calling thread's lane.</summary>
    internal Lane Lane => (t_lanes ??= new ThreadLanes()).Of(this);

    /// <summary>Opens a session at <paramref name="url"/>.</summary>
    /// <exception cref="IOException">No server there, or none that answers in time.</exception>
    /// <exception cref="ProtocolException">Something else is there, a server of another protocol version, or it refuses; the message says which.</exception>
    public static Session Connect(ServerUrl url, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        return Connect(url, options ?? new SessionOptions(), recorder: null);
    }

    /// <summary>Opens a session of which <paramref name="recorder"/>, if there is one, is to know the calls.</summary>
    internal static Session Connect(ServerUrl url, SessionOptions options, TraceRecorder? recorder) => new(url, options, recorder);

    /// <summary>
    /// Ends the session; the server releases all it owned. Calls of other threads that are under way fail. Waits for posted calls to leave,
    /// but no longer than <see cref="SessionOptions.ConnectTimeout"/>.
    /// </summary>
    public void Dispose()
    {
        Lane[] lanes;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            lanes = [.. _lanes];
        }

        // The pump still runs: a lane's last frames may have to wait for another lane's.
        long deadline = Deadline();
        foreach (Lane lane in lanes)
        {
            Retire(lane, deadline);
        }

        Streams?.Dispose();
        Pump.Dispose();
        EndTrace();
        _control.Dispose();
        _network?.Dispose();
        Telemetry?.End(Volatile.Read(ref _lost));
    }

    /// <summary>Counts a call that needed nobody else.</summary>
    internal void CountLocal() => Lane.Local++;

    /// <param name="hasThread">Whether it is the calling thread's, and ends with it; else its user lets one thread at a time use it.</param>
    /// <param name="isPart">Whether it carries parts of calls that other lanes count.</param>
    internal Lane CreateLane(bool hasThread = true, bool isPart = false)
    {
        RetireEnded();
        lock (_lock)
        {
            // After the session's end a lane that never connects: its calls say why they fail.
            var lane = new Lane(this, hasThread ? Thread.CurrentThread : null, isPart);
            if (!_disposed)
            {
                _lanes.Add(lane);
                Volatile.Write(ref _pumped, [.. _lanes]);
            }

            return lane;
        }
    }

    internal (Connection Connection, FrameReader Reader) OpenLane()
    {
        try
        {
            (Connection connection, FrameReader reader, _) = Open(_token);
            return (connection, reader);
        }
        catch (IOException failure) when (IsShortage(failure.InnerException))
        {
            // This process has no descriptor or memory left: nothing was sent, and the thread may have better luck with its next call.
            throw new LaneRefusedException(failure.Message);
        }
    }

    /// <summary>Closes the lane of a thread that has ended, not on the caller's (a finaliser's) time.</summary>
    internal void RetireSoon(Lane lane) => ThreadPool.UnsafeQueueUserWorkItem(static state => state.Session.Retire(state.Lane, state.Session.Deadline()), (Session: this, Lane: lane), false);

    internal PumpResult PumpLanes()
    {
        PumpResult result = PumpResult.Idle;
        foreach (Lane lane in Volatile.Read(ref _pumped))
        {
            try
            {
                PumpResult one = lane.PumpQueued();
                result = result == PumpResult.Progress || one == PumpResult.Idle ? result : one;
            }
            catch (Exception failure)
            {
                Lose("a posted call", failure);
            }
        }

        return result;
    }

    internal void ThrowIfLost()
    {
        if (IsDisposed || Volatile.Read(ref _lost) is not null)
        {
            ThrowLost();
        }
    }

    /// <summary>
    /// What a call answers that ended with an exception: CUDA_ERROR_DEVICE_UNAVAILABLE where the connection is gone (and is from then on),
    /// CUDA_ERROR_DEINITIALIZED after <see cref="Dispose"/>, CUDA_ERROR_OUT_OF_MEMORY where the thread gets no lane, CUDA_ERROR_NOT_SUPPORTED for
    /// arguments beyond a frame's bound, CUDA_ERROR_UNKNOWN where the exception is our bug.
    /// </summary>
    internal CUresult Failed(uint callId, Exception failure)
    {
        CUresult result = Judge(callId, failure);
        Errors.Write(CallId.Name(callId) ?? "a call", result, failure.Message);
        return result;
    }

    /// <summary>The session's own connection has ended, and with it the session.</summary>
    internal void HostLinkEnded(Exception failure) => Lose("a request of the server", failure);

    private CUresult Judge(uint callId, Exception failure)
    {
        switch (failure)
        {
            case IOException or ProtocolException or ObjectDisposedException or LaneRefusedException when IsDisposed:
                return CUresult.CUDA_ERROR_DEINITIALIZED;
            case RefusedCallException refused:
                return refused.Result;
            case LaneRefusedException:
                SessionLog.LaneRefused(Logger, CallId.Name(callId) ?? "a call", failure.Message);
                return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
            case FrameTooLargeException:
                SessionLog.NotSupported(Logger, CallId.Name(callId) ?? "a call", failure.Message);
                return CUresult.CUDA_ERROR_NOT_SUPPORTED;
            // Overflows come from numbers that the server sent: those of the program are checked before they are multiplied.
            case IOException or ProtocolException or MessagePackSerializationException or ObjectDisposedException or OverflowException:
                Lose(CallId.Name(callId) ?? "a call", failure);
                return CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE;
            default:
                if (!_bugLogged)
                {
                    _bugLogged = true;
                    SessionLog.Bug(Logger, CallId.Name(callId) ?? "a call", failure);
                }

                return CUresult.CUDA_ERROR_UNKNOWN;
        }
    }

    // Lanes of ended threads are closed when those are collected. A program that starts threads faster than it collects garbage has
    // them closed here, before it runs out of lanes.
    private void RetireEnded()
    {
        foreach (Lane lane in Volatile.Read(ref _pumped))
        {
            if (lane.Owner is { IsAlive: false })
            {
                Retire(lane, Deadline());
            }
        }
    }

    private static bool IsShortage(Exception? failure) =>
        failure is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable };

    private long Deadline() => Environment.TickCount64 + (long)_connectTimeout.TotalMilliseconds;

    private void Retire(Lane lane, long deadline)
    {
        if (!lane.TryRetire())
        {
            return;
        }

        lane.Close(deadline);
        lock (_lock)
        {
            if (_lanes.Remove(lane))
            {
                _retired += lane.Statistics;
                Volatile.Write(ref _pumped, [.. _lanes]);
            }
        }
    }

    [DoesNotReturn]
    private void ThrowLost()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        Exception lost = _lost!;
        throw new IOException($"the session at {_url} was lost: {lost.Message}", lost);
    }

    private void Lose(string call, Exception failure)
    {
        if (IsDisposed || Interlocked.CompareExchange(ref _lost, failure, null) is not null)
        {
            return;
        }

        SessionLog.SessionLost(Logger, _url.ToString(), call, failure.Message);
        _control.Abort();
        foreach (Lane lane in Volatile.Read(ref _pumped))
        {
            lane.Abort();
        }
    }

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "Given to the caller; disposed on failure.")]
    private (Connection Connection, FrameReader Reader, Welcome Welcome) Open(byte[] token)
    {
        long deadline = Deadline();
        Connection connection = Transports.Connect(_url, _connectTimeout);
        connection = _network?.Connect(connection) ?? connection;
        try
        {
            connection.Deadline = deadline;
            var hello = new ByteBuffer(1 << 10, ProtocolLimits.Body);
            hello.Clear(FrameHeader.Size);
            Handshake.WriteHello(hello, Wanted, token, _options.ClientName, CudaVersion);
            new FrameHeader((uint)(hello.Length - FrameHeader.Size), ControlId.Hello, FrameFlags.None, 0, 0, 0).Write(hello.Slice(0, FrameHeader.Size));
            connection.Send(Handshake.Preface, hello.Written);

            Handshake.ReadPreface(connection);
            var reader = new FrameReader(connection);
            if (!reader.Read(out FrameHeader header) || header.CallId != ControlId.Hello || (header.Flags & FrameFlags.Reply) == 0)
            {
                ProtocolException.Throw($"{_url} did not answer the greeting");
            }

            Welcome welcome = Handshake.ReadWelcome(reader.Body);
            if (welcome.Refusal.Length > 0)
            {
                if (token.Length > 0 && welcome.Refusal != Handshake.NoSuchSession)
                {
                    throw new LaneRefusedException(welcome.Refusal);
                }

                ProtocolException.Throw($"{_url} refuses: {welcome.Refusal}");
            }

            connection.Deadline = long.MaxValue;
            return (connection, reader, welcome);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The CUDA version of the header this client was generated from.</summary>
    internal const int CudaVersion = 13000;
}
