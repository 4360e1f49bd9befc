using CudaRpc.Driver;

namespace CudaRpc.Tracing;

/// <summary>The events of one context, and an event whose time is known, from which the others' are counted.</summary>
internal sealed unsafe class DeviceTimeline(CudaDriver driver)
{
    private const int Tries = 3;
    private const double NanosecondsPerMillisecond = 1e6;

    // Times between events are float milliseconds: from here on they would be coarser than 60 ns.
    private const double LongestMilliseconds = 500;

    private readonly Stack<CUevent> _free = new();
    private CUevent _known;
    private double _knownTime;

    /// <summary>Whether the context can be measured.</summary>
    public bool IsUsable { get; private set; }

    /// <summary>Work that has not been read.</summary>
    public Queue<DeviceWork> Pending { get; } = new();

    /// <summary>
    /// Finds out what the time of an event is on this machine's clock, in a stream of its own, so that the program's work is not waited
    /// for.
    /// </summary>
    public void Start()
    {
        CUstream stream;
        if (driver.cuStreamCreate(&stream, (uint)CUstream_flags.CU_STREAM_NON_BLOCKING) == CUresult.CUDA_SUCCESS)
        {
            IsUsable = TryTake(out _known) && Calibrate(stream);
            driver.cuStreamDestroy_v2(stream);
        }
    }

    /// <summary>Records the event before work.</summary>
    public DeviceWork Before(nint stream)
    {
        if (!TryTake(out CUevent before))
        {
            return default;
        }

        if (TryTake(out CUevent after) && driver.cuEventRecord(before, new CUstream(stream)) == CUresult.CUDA_SUCCESS)
        {
            return new DeviceWork(this, new CUstream(stream), before, after, 0);
        }

        _free.Push(before);
        if (after.Value != 0)
        {
            _free.Push(after);
        }

        return default;
    }

    /// <summary>Records the event behind it.</summary>
    public void Behind(in DeviceWork work, ulong number, bool succeeded)
    {
        if (succeeded && driver.cuEventRecord(work.After, work.Stream) == CUresult.CUDA_SUCCESS)
        {
            Pending.Enqueue(work with { Number = number });
            return;
        }

        _free.Push(work.Before);
        _free.Push(work.After);
    }

    /// <summary>When work whose events have passed was done, on this machine's clock.</summary>
    public bool TryRead(in DeviceWork work, out long begin, out long end)
    {
        float since, taken = 0;
        bool read = driver.cuEventElapsedTime(&since, _known, work.Before) == CUresult.CUDA_SUCCESS
            && driver.cuEventElapsedTime(&taken, work.Before, work.After) == CUresult.CUDA_SUCCESS;
        double start = _knownTime + (since * NanosecondsPerMillisecond);
        double stop = start + (Math.Max(0, taken) * NanosecondsPerMillisecond);
        (begin, end) = ((long)start, (long)stop);
        _free.Push(work.Before);
        if (read && since > LongestMilliseconds)
        {
            _free.Push(_known);
            (_known, _knownTime) = (work.After, stop);
        }
        else
        {
            _free.Push(work.After);
        }

        return read;
    }

    /// <summary>Destroys all events. The context is current.</summary>
    public void Destroy()
    {
        IsUsable = false;
        foreach (DeviceWork work in Pending)
        {
            driver.cuEventDestroy_v2(work.Before);
            driver.cuEventDestroy_v2(work.After);
        }

        foreach (CUevent unused in _free)
        {
            driver.cuEventDestroy_v2(unused);
        }

        driver.cuEventDestroy_v2(_known);
        Pending.Clear();
        _free.Clear();
    }

    private bool Calibrate(CUstream stream)
    {
        long least = long.MaxValue;
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            CUevent candidate;
            long before = TraceFormat.Now;
            if (!TryTake(out candidate) || driver.cuEventRecord(candidate, stream) != CUresult.CUDA_SUCCESS
                || driver.cuEventSynchronize(candidate) != CUresult.CUDA_SUCCESS)
            {
                return false;
            }

            long taken = TraceFormat.Now - before;
            if (taken < least)
            {
                least = taken;
                _knownTime = before + (taken / 2.0);
                (candidate, _known) = (_known, candidate);
            }

            _free.Push(candidate);
        }

        return true;
    }

    private bool TryTake(out CUevent taken)
    {
        CUevent made = default;
        bool there = _free.TryPop(out taken);
        if (!there)
        {
            there = driver.cuEventCreate(&made, 0) == CUresult.CUDA_SUCCESS;
            taken = made;
        }

        return there;
    }
}
