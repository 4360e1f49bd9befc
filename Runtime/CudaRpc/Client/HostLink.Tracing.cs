using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Client;

// The times that a server tells of calls that are recorded. docs/protocol.md, "Traces".
internal sealed unsafe partial class HostLink
{
    private const int LongestTimes = TraceFormat.LongestBunch;

    private readonly byte[] _times = new byte[session.Recorder is null ? 0 : LongestTimes];
    private int _flushes;

    /// <summary>
    /// Asks for the times of calls up to <paramref name="sequence"/>, and waits until they are there, or for as long as <paramref
    /// name="patience"/>.
    /// </summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    public void FlushTrace(ulong sequence, TimeSpan patience)
    {
        int before = Volatile.Read(ref _flushes);
        Span<byte> header = stackalloc byte[FrameHeader.Size];
        new FrameHeader(0, ControlId.TraceFlush, FrameFlags.None, 0, sequence, 0).Write(header);
        lock (_sendLock)
        {
            connection.Send(header, default);
        }

        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (_landing)
        {
            while (_flushes == before && !_lost && deadline - Environment.TickCount64 is > 0 and long left)
            {
                Monitor.Wait(_landing, (int)left);
            }
        }
    }

    private void TakeTimes(in FrameHeader header, long lost, ulong reserved, bool isLast)
    {
        if (session.Recorder is not { } recorder || header.BulkLength > (ulong)_times.Length || lost < 0 || reserved != 0)
        {
            ProtocolException.Throw($"{header.BulkLength} bytes of times that were not asked for");
            return;
        }

        fixed (byte* times = _times)
        {
            reader.ReadBulk(times, (nuint)header.BulkLength);
        }

        recorder.AddTimes(session.TraceNumber, _times.AsSpan(0, (int)header.BulkLength), session.ClockOffset);
        if (lost > 0)
        {
            recorder.AddLost(lost);
        }

        if (isLast)
        {
            lock (_landing)
            {
                _flushes++;
                Monitor.PulseAll(_landing);
            }
        }
    }
}
