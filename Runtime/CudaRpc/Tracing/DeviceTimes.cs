using CudaRpc.Driver;

namespace CudaRpc.Tracing;

/// <summary>
/// Measures when the device does work: a timed event before it and one behind it, in the same stream, read when they have passed. A stream
/// that is being captured is left alone. Safe from any thread; what goes wrong costs the measurement and nothing else.
/// </summary>
/// <param name="driver">Whose work it is.</param>
/// <param name="measured">Takes the number that the work was given, and begin and end in nanoseconds of this machine's clock.</param>
internal sealed unsafe class DeviceTimes(CudaDriver driver, Action<ulong, long, long> measured)
{
    // Of a context: work that is not read yet, and after how much of it to look.
    private const int MostPending = 4096;
    private const int LookAfter = 32;
    private const int MostLooked = 128;

    // Guards _timelines and what is in them.
    private readonly Lock _lock = new();
    private readonly Dictionary<nint, DeviceTimeline> _timelines = [];

    /// <summary>Work for <paramref name="stream"/> is about to be given to the driver, in the current context.</summary>
    /// <returns>What <see cref="End"/> takes; none where it cannot be measured.</returns>
    public DeviceWork Begin(nint stream)
    {
        CUcontext context;
        if (driver.cuCtxGetCurrent(&context) != CUresult.CUDA_SUCCESS || context.Value == 0 || !IsUncaptured(stream))
        {
            return default;
        }

        lock (_lock)
        {
            CUstreamCaptureMode mode = Relax();
            try
            {
                if (!_timelines.TryGetValue(context.Value, out DeviceTimeline? timeline))
                {
                    timeline = new DeviceTimeline(driver);
                    _timelines[context.Value] = timeline;
                    timeline.Start();
                }

                if (timeline.Pending.Count >= MostPending)
                {
                    Look(timeline, MostLooked);
                }

                return timeline.IsUsable && timeline.Pending.Count < MostPending ? timeline.Before(stream) : default;
            }
            finally
            {
                driver.cuThreadExchangeStreamCaptureMode(&mode);
            }
        }
    }

    /// <summary>The driver has returned from the call that gave it the work.</summary>
    /// <param name="work">What <see cref="Begin"/> returned.</param>
    /// <param name="number">What to call it.</param>
    /// <param name="succeeded">Whether there is work.</param>
    public void End(in DeviceWork work, ulong number, bool succeeded)
    {
        if (work.Timeline is not { } timeline)
        {
            return;
        }

        lock (_lock)
        {
            CUstreamCaptureMode mode = Relax();
            timeline.Behind(work, number, succeeded);
            if (timeline.Pending.Count >= LookAfter)
            {
                Look(timeline, MostLooked);
            }

            driver.cuThreadExchangeStreamCaptureMode(&mode);
        }
    }

    /// <summary>Reads whatever has passed, in all contexts.</summary>
    public void Read() => ForEach(timeline => Look(timeline, MostPending));

    /// <summary>Reads whatever has passed and lets go of all events: a context may end.</summary>
    public void Release()
    {
        ForEach(timeline =>
        {
            Look(timeline, MostPending);
            timeline.Destroy();
        });
        lock (_lock)
        {
            _timelines.Clear();
        }
    }

    private void ForEach(Action<DeviceTimeline> action)
    {
        lock (_lock)
        {
            if (_timelines.Count == 0)
            {
                return;
            }

            CUstreamCaptureMode mode = Relax();
            foreach ((nint context, DeviceTimeline timeline) in _timelines)
            {
                if (driver.cuCtxPushCurrent_v2(new CUcontext(context)) == CUresult.CUDA_SUCCESS)
                {
                    action(timeline);
                    CUcontext popped;
                    driver.cuCtxPopCurrent_v2(&popped);
                }
            }

            driver.cuThreadExchangeStreamCaptureMode(&mode);
        }
    }

    private void Look(DeviceTimeline timeline, int most)
    {
        for (int left = Math.Min(most, timeline.Pending.Count); left > 0; left--)
        {
            DeviceWork work = timeline.Pending.Dequeue();
            if (driver.cuEventQuery(work.After) == CUresult.CUDA_ERROR_NOT_READY)
            {
                // Other streams may be further.
                timeline.Pending.Enqueue(work);
            }
            else if (timeline.TryRead(work, out long begin, out long end))
            {
                measured(work.Number, begin, end);
            }
        }
    }

    private bool IsUncaptured(nint stream)
    {
        CUstreamCaptureStatus status;
        return driver.cuStreamIsCapturing(new CUstream(stream), &status) == CUresult.CUDA_SUCCESS
            && status == CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE;
    }

    // What a capture of another stream forbids its thread meanwhile is none of its business here.
    private CUstreamCaptureMode Relax()
    {
        CUstreamCaptureMode mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED;
        driver.cuThreadExchangeStreamCaptureMode(&mode);
        return mode;
    }
}

/// <summary>A piece of work between its two events.</summary>
internal readonly record struct DeviceWork(DeviceTimeline? Timeline, CUstream Stream, CUevent Before, CUevent After, ulong Number);
