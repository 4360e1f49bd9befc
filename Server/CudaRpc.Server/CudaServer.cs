using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Security.Cryptography;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;
using Microsoft.Extensions.Logging;

namespace CudaRpc.Server;

/// <summary>
/// Accepts connections and serves sessions on a driver. One thread per listener, one per connection; a client's misbehaviour ends its own
/// connection and session and nothing else.
/// </summary>
internal sealed class CudaServer : IDisposable
{
    private readonly SharedObjects _shares = new();
    private readonly Func<CudaDriver> _openDriver;
    private readonly ServerLimits _limits;
    private readonly HostWindows _windows = new();
    private readonly ILogger _logger;
    private readonly DeviceSnapshot _devices;

    // Guards everything below.
    private readonly object _lock = new();
    private readonly List<Listener> _listeners = [];
    private readonly List<Connection> _greeting = [];
    private readonly List<ServerSession> _sessions = [];
    private ServerCounts _ended;
    private int _lastSession;
    private bool _stopping;

    /// <param name="openDriver">Gives each session its driver; one that is IDisposable is the session's own and disposed with it.</param>
    /// <param name="limits">What clients may take.</param>
    /// <param name="logger">Where the server says what happens.</param>
    public CudaServer(Func<CudaDriver> openDriver, ServerLimits limits, ILogger logger)
    {
        _openDriver = openDriver;
        _limits = limits;
        _logger = logger;
        Images = new ImageCache(limits.ImageCacheBytes);
        CudaDriver probe = openDriver();
        _devices = DeviceSnapshot.Take(probe);
        (probe as IDisposable)?.Dispose();
        Meter = new ServerMeter(this);
    }

    /// <summary>Name and version, as clients see it.</summary>
    public static string Name { get; } =
        $"cudarpc {typeof(CudaServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}";

    public DeviceSnapshot Devices => _devices;

    /// <summary>Module images that clients have sent.</summary>
    public ImageCache Images { get; }

    /// <summary>Sessions open now, and what they hold.</summary>
    public ServerUsage Usage
    {
        get
        {
            lock (_lock)
            {
                return new ServerUsage(_sessions.Count, _sessions.Sum(session => session.Handles.Count), _sessions.Sum(session => session.MemoryBytes));
            }
        }
    }

    /// <summary>Lanes open now, and the calls of all sessions that there have been.</summary>
    public ServerCounts Counts
    {
        get
        {
            lock (_lock)
            {
                return _sessions.Aggregate(_ended, static (sum, session) => sum + session.Counts);
            }
        }
    }

    /// <summary>The server's instruments.</summary>
    public ServerMeter Meter { get; }

    /// <summary>Listens at <paramref name="url"/> and serves whoever connects, on threads of its own.</summary>
    /// <returns>The address, with the port that was chosen for port 0.</returns>
    public ServerUrl Listen(ServerUrl url)
    {
        Listener listener = Transports.Listen(url);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _listeners.Add(listener);
        }

        Start($"cudarpc accept {url}", () => Accept(listener));
        return listener.Url;
    }

    /// <summary>Stops listening, ends every session and waits until all is released.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_stopping)
            {
                return;
            }

            _stopping = true;
            ServerLog.Stopping(_logger, _sessions.Count);
            _listeners.ForEach(listener => listener.Dispose());
            _greeting.ForEach(connection => connection.Abort());
            _sessions.ForEach(session => session.Abort());
            while (_sessions.Count + _greeting.Count > 0)
            {
                Monitor.Wait(_lock);
            }
        }

        Meter.Dispose();
    }

    private static void Start(string name, Action run) => new Thread(() => run()) { IsBackground = true, Name = name }.Start();

    private void Accept(Listener listener)
    {
        while (listener.Accept() is Connection connection)
        {
            lock (_lock)
            {
                if (_stopping)
                {
                    connection.Dispose();
                    return;
                }

                if (_greeting.Count >= _limits.Greetings)
                {
                    ServerLog.PeerDisconnected(_logger, connection.Peer, $"{_greeting.Count} others have not greeted yet");
                    connection.Dispose();
                    continue;
                }

                _greeting.Add(connection);
            }

            try
            {
                Start("cudarpc lane", () => Serve(connection));
            }
            catch (OutOfMemoryException failure)
            {
                // No more threads. Those who are served go on, and who comes when some of them have left is served too.
                ServerLog.PeerDisconnected(_logger, connection.Peer, failure.Message);
                EndGreeting(connection);
                connection.Dispose();
            }
        }
    }

    // The whole life of a connection. It counts as greeting until it belongs to a session or is closed.
    private void Serve(Connection connection)
    {
        try
        {
            connection.Deadline = Environment.TickCount64 + (long)_limits.Greeting.TotalMilliseconds;
            FrameReader reader = Greet(connection, out Hello hello);
            connection.Deadline = long.MaxValue;
            if (hello.Token.Length == 0)
            {
                ServeSession(connection, reader, hello);
            }
            else
            {
                ServeLane(connection, reader, hello);
            }
        }
        catch (Exception failure) when (failure is ProtocolException or IOException or OperationCanceledException)
        {
            // First, so that who reads of it finds the place free.
            EndGreeting(connection);
            ServerLog.PeerDisconnected(_logger, connection.Peer, failure.Message);
        }
        catch (Exception failure)
        {
            // Our bug: it costs this connection, and through it the session, but not the server.
            ServerLog.ConnectionBug(_logger, connection.Peer, failure);
        }
        finally
        {
            EndGreeting(connection);
            connection.Dispose();
        }
    }

    private static FrameReader Greet(Connection connection, out Hello hello)
    {
        try
        {
            Handshake.ReadPreface(connection);
        }
        finally
        {
            // Also to a peer of another version, so that it can name both.
            connection.Send(Handshake.Preface, default);
        }

        var reader = new FrameReader(connection);
        if (!reader.Read(out FrameHeader header) || header.CallId != ControlId.Hello || header.Flags != FrameFlags.None || header.BulkLength != 0)
        {
            ProtocolException.Throw("the first frame is no greeting");
        }

        hello = Handshake.ReadHello(reader.Body);
        return reader;
    }

    // A session's first connection carries no calls, only the session's own questions. It lasts as long as the session: the client's end, however it comes, ends it.
    private void ServeSession(Connection connection, FrameReader reader, Hello hello)
    {
        ServerSession? session = Open(connection, hello.Features, out string refusal);
        if (session is null)
        {
            SendWelcome(connection, new Welcome(refusal, 0, [], "", DeviceSnapshot.Empty));
            return;
        }

        string reason = "";
        bool isOrderly = false;
        using Activity? span = ServerTelemetry.Begin(session, hello.Client, connection.Peer);
        session.Host.Span = span;
        try
        {
            ServerLog.SessionOpened(_logger, session.Id, hello.Client, connection.Peer);
            EndGreeting(connection);
            SendWelcome(connection, new Welcome("", Handshake.Features, session.Token, Name, _devices));
            reason = session.Host.Receive(reader);
            isOrderly = true;
        }
        catch (Exception failure) when (failure is ProtocolException or IOException)
        {
            reason = failure.Message;
            session.Abort();
        }
        finally
        {
            session.End(reason);
            ServerTelemetry.Describe(span, session, reason, isOrderly);
            lock (_lock)
            {
                _sessions.Remove(session);
                _ended += session.Counts with { Lanes = 0 };
                Monitor.PulseAll(_lock);
            }
        }
    }

    private void ServeLane(Connection connection, FrameReader reader, Hello hello)
    {
        ServerSession? session;
        lock (_lock)
        {
            session = _sessions.Find(candidate => CryptographicOperations.FixedTimeEquals(candidate.Token, hello.Token));
        }

        using var lane = session is null ? null : new ServerLane(session, connection, reader);
        if (lane is null || !session!.TryAdd(lane))
        {
            SendWelcome(connection, new Welcome(session is null ? Handshake.NoSuchSession : "the session has all the lanes it may", 0, [], "", DeviceSnapshot.Empty));
            return;
        }

        bool orderly = false;
        try
        {
            EndGreeting(connection);
            SendWelcome(connection, new Welcome("", Handshake.Features, session.Token, Name, DeviceSnapshot.Empty));
            PromptThread.Begin();
            orderly = lane.Run();
        }
        finally
        {
            session.Remove(lane);
            if (!orderly)
            {
                // Calls of this lane may be missing from the session's sequence: nothing after them may run.
                session.Abort();
            }
        }
    }

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The session disposes its driver.")]
    private ServerSession? Open(Connection control, ulong features, out string refusal)
    {
        lock (_lock)
        {
            if (_stopping || _sessions.Count >= _limits.Sessions)
            {
                refusal = _stopping ? "the server is stopping" : $"the server has {_sessions.Count} sessions and takes no more";
                return null;
            }

            CudaDriver driver = _openDriver();
            CUresult status = driver.cuInit(0);
            if (status != CUresult.CUDA_SUCCESS)
            {
                (driver as IDisposable)?.Dispose();
                refusal = $"its driver does not start: {CudaErrors.Name(status)}";
                return null;
            }

            refusal = "";
            var session = new ServerSession(++_lastSession, driver, control, _limits, Images, _windows, _logger)
            {
                Shares = _shares,
                Meter = Meter,
                Trace = (features & Handshake.TraceTimes) != 0 ? new SessionTrace() : null,
            };
            if ((features & Handshake.DeviceTimes) != 0)
            {
                session.Trace?.MeasureDevice(driver);
            }

            _sessions.Add(session);
            return session;
        }
    }

    private static void SendWelcome(Connection connection, Welcome welcome)
    {
        var reply = new ByteBuffer(16 << 10, ProtocolLimits.Body);
        reply.Clear(FrameHeader.Size);
        Handshake.WriteWelcome(reply, welcome);
        new FrameHeader((uint)(reply.Length - FrameHeader.Size), ControlId.Hello, FrameFlags.Reply, 0, 0, 0).Write(reply.Slice(0, FrameHeader.Size));
        connection.Send(reply.Written, default);
    }

    private void EndGreeting(Connection connection)
    {
        lock (_lock)
        {
            if (_greeting.Remove(connection))
            {
                Monitor.PulseAll(_lock);
            }
        }
    }
}

/// <summary>What clients hold of a server: open sessions, handles alive, device memory in bytes.</summary>
internal readonly record struct ServerUsage(int Sessions, int Handles, long MemoryBytes);
