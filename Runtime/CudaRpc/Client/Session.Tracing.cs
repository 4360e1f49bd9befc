using System.Buffers.Binary;
using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Client;

// A session whose calls are recorded: the server tells when it made them, by a clock that is compared with ours at the beginning.
public sealed partial class Session
{
    // Exchanges for the comparison, and how long they may take together.
    private const int Exchanges = 15;
    private const long LongestComparison = 100_000_000;

    // How long the end waits for the last times: they are less than what the program needs.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Where the session's calls are recorded; null for nowhere.</summary>
    internal TraceRecorder? Recorder { get; }

    /// <summary>The session's number in the trace.</summary>
    internal uint TraceNumber { get; private set; }

    /// <summary>What to add to the server's clock to get ours, nanoseconds.</summary>
    internal long ClockOffset { get; private set; }

    private bool HasServerTimes { get; set; }

    private ulong Wanted => Recorder is null ? 0 : Handshake.TraceTimes | (Recorder.DeviceTimes ? Handshake.DeviceTimes : 0);

    /// <summary>
    /// Has the server send what it knows of the calls so far, and waits for it, not for long. Does nothing where nothing is recorded.
    /// </summary>
    internal void FlushTrace()
    {
        if (HasServerTimes)
        {
            Host.FlushTrace(Order.Last, s_patience);
        }
    }

    private void StartTrace(Welcome welcome, FrameReader reader)
    {
        if (Recorder is null)
        {
            return;
        }

        TraceNumber = Recorder.NextSession();
        HasServerTimes = (welcome.Features & Handshake.TraceTimes) != 0;
        long roundTrip = HasServerTimes ? CompareClocks(reader) : 0;
        Recorder.NoteServer(_url.ToString(), Devices.Devices is [{ } first, ..] ? first.Name : "", roundTrip);
    }

    private void EndTrace()
    {
        try
        {
            FlushTrace();
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The trace goes without the last of the server's times.
        }
    }

    // The exchange that took least tells the offset best: what it took is the most it can be wrong by. Returns the median.
    private long CompareClocks(FrameReader reader)
    {
        Span<long> taken = stackalloc long[Exchanges];
        byte[] call = new byte[FrameHeader.Size];
        new FrameHeader(0, ControlId.TraceClock, FrameFlags.None, 0, 0, 0).Write(call);
        long start = TraceFormat.Now;
        long least = long.MaxValue;
        int count = 0;
        _control.Deadline = Deadline();
        while (count < Exchanges && (count == 0 || TraceFormat.Now - start < LongestComparison))
        {
            long before = TraceFormat.Now;
            _control.Send(call, default);
            if (!reader.Read(out FrameHeader reply) || reply.CallId != ControlId.TraceClock || reader.Body.Length != sizeof(long))
            {
                ProtocolException.Throw($"{_url} did not say what its clock is");
            }

            long after = TraceFormat.Now;
            taken[count++] = after - before;
            if (after - before < least)
            {
                least = after - before;
                ClockOffset = before + (least / 2) - BinaryPrimitives.ReadInt64LittleEndian(reader.Body.Span);
            }
        }

        _control.Deadline = long.MaxValue;
        taken[..count].Sort();
        return taken[count / 2];
    }
}
