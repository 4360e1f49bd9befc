using CudaRpc.Simulator.Execution;

namespace CudaRpc.Simulator.Objects;

internal sealed partial class DriverContext
{
    // Taken to submit work to the legacy stream and to streams that synchronise with it, so that the points each waits for are earlier in
    // one common order and cannot form a circle. Taken before a stream's own lock, never after.
    private readonly object _order = new();
    private readonly List<DriverStream> _streams = [];
    private readonly Dictionary<int, DriverStream> _threadStreams = [];
    private readonly StreamWorkers _workers;
    private bool _streamsClosed;

    /// <summary>Stream 0: waits for all earlier work of blocking streams, and they for it.</summary>
    public DriverStream LegacyStream { get; }

    /// <summary>The calling thread's own default stream, made on first use. It synchronises with the legacy stream.</summary>
    public DriverStream ThreadStream()
    {
        lock (_order)
        {
            int thread = Environment.CurrentManagedThreadId;
            if (!_threadStreams.TryGetValue(thread, out DriverStream? stream))
            {
                stream = AddStream(flags: 0, DeviceAttributes.LeastPriority);
                _threadStreams.Add(thread, stream);
            }
            return stream;
        }
    }

    public DriverStream CreateStream(uint flags, int priority, DriverGreenContext? green = null)
    {
        lock (_order)
        {
            ForgetDrainedStreams();
            return AddStream(flags, priority, green);
        }
    }

    /// <summary>Lets go of a stream the program destroyed. What is queued in it still runs.</summary>
    public void DestroyStream(DriverStream stream)
    {
        lock (_order)
        {
            stream.IsDestroyed = true;
            ForgetDrainedStreams();
        }
    }

    /// <summary>
    /// Queues work and returns; a stream that is captured gets a node instead. An error, and the work released, if the context is closing or
    /// a capture is in the way.
    /// </summary>
    public CUresult Submit(DriverStream stream, StreamWork work, out StreamPoint point) => Take(stream, work, mayRunHere: false, out point);

    /// <summary>Like <see cref="Submit"/>, for work so short that the calling thread may as well run it if the stream is idle.</summary>
    public CUresult SubmitShort(DriverStream stream, StreamWork work, out StreamPoint point) => Take(stream, work, mayRunHere: true, out point);

    /// <summary>Runs work in its turn and returns when it is done.</summary>
    public CUresult Run(DriverStream stream, StreamWork work)
    {
        if (Take(stream, work, mayRunHere: true, out StreamPoint point) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        if (stream.Capture is not null)
        {
            return CUDA_SUCCESS;
        }
        point.Wait();
        return Fault;
    }

    /// <summary>Waits until all work submitted to the context so far is done.</summary>
    public void Synchronize()
    {
        foreach (StreamPoint point in Tails(static _ => true))
        {
            point.Wait();
        }
    }

    /// <summary>Waits until the stream's work is done; for the legacy stream also that of the streams it synchronises with.</summary>
    public void Synchronize(DriverStream stream)
    {
        if (stream != LegacyStream)
        {
            stream.Tail.Wait();
            return;
        }
        foreach (StreamPoint point in Tails(static other => !other.IsNonBlocking))
        {
            point.Wait();
        }
    }

    /// <summary>Whether <see cref="Synchronize(DriverStream)"/> would return at once.</summary>
    public bool IsIdle(DriverStream stream) =>
        stream == LegacyStream
            ? Tails(static other => !other.IsNonBlocking).TrueForAll(static point => point.IsReached)
            : stream.IsIdle;

    private CUresult Take(DriverStream stream, StreamWork work, bool mayRunHere, out StreamPoint point)
    {
        point = default;
        if (stream.Capture is { } capture)
        {
            return capture.Add(stream, work);
        }
        if (stream == LegacyStream && InvalidateImplicitCaptures())
        {
            work.Release();
            return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
        }
        switch (Enqueue(stream, work, mayRunHere, out point))
        {
            case DriverStream.Admission.Refused:
                work.Release();
                return CUDA_ERROR_CONTEXT_IS_DESTROYED;
            case DriverStream.Admission.Reserved:
                stream.RunReserved(work);
                return CUDA_SUCCESS;
            default:
                return CUDA_SUCCESS;
        }
    }

    private DriverStream.Admission Enqueue(DriverStream stream, StreamWork work, bool mayRunHere, out StreamPoint point)
    {
        if (stream.IsNonBlocking)
        {
            return stream.Enqueue(work, mayRunHere, out point);
        }
        lock (_order)
        {
            if (stream == LegacyStream)
            {
                foreach (DriverStream other in _streams)
                {
                    if (other != stream && !other.IsNonBlocking)
                    {
                        work.StartAfter(other.Tail);
                    }
                }
            }
            else
            {
                work.StartAfter(LegacyStream.Tail);
            }
            return stream.Enqueue(work, mayRunHere, out point);
        }
    }

    /// <summary>The legacy stream would wait for streams that are captured, which ends their captures. True if there are any.</summary>
    public bool InvalidateImplicitCaptures()
    {
        if (Driver.CaptureCount == 0)
        {
            return false;
        }
        bool any = false;
        lock (_order)
        {
            foreach (DriverStream stream in _streams)
            {
                if (!stream.IsNonBlocking && stream.Capture is { } capture)
                {
                    capture.Invalidate();
                    any = true;
                }
            }
        }
        return any;
    }

    /// <summary>Whether streams are captured that the legacy stream would wait for.</summary>
    public bool HasImplicitCaptures => AnyCaptured(static stream => !stream.IsNonBlocking);

    /// <summary>Whether any stream is captured.</summary>
    public bool HasCaptures => AnyCaptured(static _ => true);

    private bool AnyCaptured(Predicate<DriverStream> condition)
    {
        if (Driver.CaptureCount == 0)
        {
            return false;
        }
        lock (_order)
        {
            return _streams.Exists(stream => stream.Capture is not null && condition(stream));
        }
    }

    private List<StreamPoint> Tails(Func<DriverStream, bool> condition)
    {
        lock (_order)
        {
            return [.. _streams.Where(condition).Select(static stream => stream.Tail)];
        }
    }

    private DriverStream AddStream(uint flags, int priority, DriverGreenContext? green = null)
    {
        var stream = new DriverStream(this, _workers, Driver.NextId(), flags, priority) { Green = green };
        if (_streamsClosed)
        {
            stream.Close();
        }
        _streams.Add(stream);
        HoldBackNew(stream);
        return stream;
    }

    private void ForgetDrainedStreams() => _streams.RemoveAll(static stream => stream.IsDestroyed && stream.IsIdle);

    private void CloseStreams()
    {
        lock (_order)
        {
            _streamsClosed = true;
            foreach (DriverStream stream in _streams)
            {
                stream.Close();
            }
        }
    }
}
