using System.Diagnostics;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Tracing;

namespace CudaRpc.Server;

/// <summary>
/// When a session's calls were made, for a client that records them: kept for a moment, and sent over the session's own connection in
/// bunches. A client that takes them too slowly misses some and is told how many. Safe from any thread.
/// </summary>
internal sealed class SessionTrace
{
    // A record takes at most some 40 bytes, mostly ten.
    private const int LargestRecord = 64;
    private const int Bunch = 16 << 10;

    // Times older than this go out with the next call, so that a program that is killed leaves little unknown.
    private const long LongestDelay = 100_000_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    // Held for as long as it takes to write some ten bytes.
    private BriefLock _lock;
    private readonly byte[] _records = new byte[Bunch];
    private HostChannel _host = null!;
    private SequenceGate _gate = null!;
    private int _length;
    private ulong _lastSequence;
    private long _lastServer;
    private long _lastDevice;
    private long _oldest;
    private long _lost;

    /// <summary>Nanoseconds of the server's clock.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>Measures the device's work; null where the client does not want that.</summary>
    public DeviceTimes? Device { get; private set; }

    /// <summary>Has the device's work measured, too.</summary>
    public void MeasureDevice(CudaDriver driver) => Device = new DeviceTimes(driver, AddDevice);

    /// <summary>Where the times go, and what tells how far the session's calls are.</summary>
    public void Attach(HostChannel host, SequenceGate gate) => (_host, _gate) = (host, gate);

    /// <summary>The driver was called for a frame, and has returned.</summary>
    public void Add(ulong sequence, long begin, long end)
    {
        using (_lock.EnterScope())
        {
            Begin(sequence, TraceParts.Server, end);
            Write(begin, end, ref _lastServer);
            SendIfDue(end);
        }
    }

    /// <summary>The device did the work of a frame's call.</summary>
    public void AddDevice(ulong sequence, long begin, long end)
    {
        using (_lock.EnterScope())
        {
            long now = Now;
            Begin(sequence, TraceParts.Device, now);
            Write(begin, end, ref _lastDevice);
            SendIfDue(now);
        }
    }

    /// <summary>
    /// The client leaves: sends what there is of the calls up to <paramref name="sequence"/>, which may take a moment to come.
    /// </summary>
    public void Flush(ulong sequence)
    {
        _gate.WaitFor(sequence, s_patience);
        Device?.Read();
        using (_lock.EnterScope())
        {
            Send(isLast: true);
        }
    }

    private void Begin(ulong sequence, TraceParts part, long now)
    {
        if (_length == 0)
        {
            _oldest = now;
        }

        _records[_length++] = (byte)part;
        WriteSigned((long)(sequence - _lastSequence));
        _lastSequence = sequence;
    }

    private void Write(long begin, long end, ref long last)
    {
        WriteSigned(begin - last);
        Write((ulong)(end - begin));
        last = end;
    }

    private void SendIfDue(long now)
    {
        if (_length > Bunch - LargestRecord || now - _oldest > LongestDelay)
        {
            Send(isLast: false);
        }
    }

    // Each bunch counts from 0 again.
    private void Send(bool isLast)
    {
        if (!_host.PushTimes(_records.AsSpan(0, _length), _lost, isLast))
        {
            _lost += CountRecords();
        }
        else
        {
            _lost = 0;
        }

        (_length, _lastSequence, _lastServer, _lastDevice) = (0, 0, 0, 0);
    }

    private long CountRecords()
    {
        var times = new TimesReader(_records.AsSpan(0, _length));
        long count = 0;
        while (times.Read())
        {
            count++;
        }

        return count;
    }

    private void WriteSigned(long value) => Write((ulong)((value << 1) ^ (value >> 63)));

    private void Write(ulong value)
    {
        while (value > 0x7F)
        {
            _records[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _records[_length++] = (byte)value;
    }

    private enum TraceParts : byte
    {
        Server = TraceTag.OfServer,
        Device = TraceTag.OfDevice,
    }
}
