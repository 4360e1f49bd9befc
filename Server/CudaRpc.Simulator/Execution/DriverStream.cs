using System.Collections.Concurrent;
using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Execution;

/// <summary>
/// An in-order queue of work. Work runs on a <see cref="StreamWorkers"/> thread, which the stream holds only while it has work that may
/// start: a stream that waits for another one holds none. Work of a synchronous call runs on the calling thread if the stream is idle.
/// </summary>
internal sealed class DriverStream : ContextObject
{
    private static readonly KeyValuePair<CUlaunchAttributeID, CUlaunchAttributeValue>[] s_defaults =
    [
        new(CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW, default),
        new(CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY, new() { syncPolicy = CUsynchronizationPolicy.CU_SYNC_POLICY_AUTO }),
        new(CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP, default),
        new(CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN, default),
    ];

    private readonly object _gate = new();
    private readonly Queue<StreamWork> _queue = new();
    private readonly List<StreamPoint> _dependents = [];
    private readonly StreamWorkers _workers;
    private readonly ConcurrentDictionary<CUlaunchAttributeID, CUlaunchAttributeValue> _attributes = new(s_defaults);
    private long _submitted;
    private long _completed;
    private WorkTime? _lastTime;
    private long _end; // With a timing model, when the last work that has run ends. Only for who runs work.
    private int _waiters;
    private bool _active; // A thread runs the head of the queue or soon will, or the head waits for another stream.
    private bool _closed;
    private StreamCapture? _capture;

    public DriverStream(DriverContext context, StreamWorkers workers, ulong id, uint flags, int priority)
        : base(context)
    {
        _workers = workers;
        Id = id;
        Flags = flags;
        Priority = priority;
    }

    public enum Admission
    {
        /// <summary>The context is closing; the work was not taken.</summary>
        Refused,

        /// <summary>The work is in the queue.</summary>
        Queued,

        /// <summary>The stream was idle and is now reserved: the caller must call <see cref="RunReserved"/> at once.</summary>
        Reserved,
    }

    public ulong Id { get; }

    public uint Flags { get; }

    public int Priority { get; set; }

    /// <summary>The green context whose multiprocessors run the stream's work; null for all of the device's.</summary>
    public DriverGreenContext? Green { get; init; }

    /// <summary>Whether the stream ignores the legacy default stream.</summary>
    public bool IsNonBlocking => (Flags & (uint)CUstream_flags.CU_STREAM_NON_BLOCKING) != 0;

    /// <summary>The capture that the stream takes part in, or null: what it is given becomes nodes of a graph.</summary>
    public StreamCapture? Capture
    {
        get => Volatile.Read(ref _capture);
        set => Volatile.Write(ref _capture, value);
    }

    /// <summary>Set when the program destroyed the stream; what is queued still runs.</summary>
    public bool IsDestroyed { get; set; }

    /// <summary>A launch attribute that streams have, but for the priority.</summary>
    public bool TryGetAttribute(CUlaunchAttributeID attribute, out CUlaunchAttributeValue value) => _attributes.TryGetValue(attribute, out value);

    public void SetAttribute(CUlaunchAttributeID attribute, in CUlaunchAttributeValue value) => _attributes[attribute] = value;

    public void CopyAttributes(DriverStream source)
    {
        Priority = source.Priority;
        foreach ((CUlaunchAttributeID attribute, CUlaunchAttributeValue value) in source._attributes)
        {
            _attributes[attribute] = value;
        }
    }

    // Volatile: pairs with the write in Finish, so that who sees a point reached also sees what the work wrote.
    public long Completed => Volatile.Read(ref _completed);

    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _completed == _submitted && (_lastTime is null || HasCome(_lastTime.End));
            }
        }
    }

    /// <summary>With a timing model, whether it is that late.</summary>
    public bool HasCome(long time) => Timing!.Clock.Now >= time;

    /// <summary>With a timing model, blocks until it is that late.</summary>
    public void WaitUntil(long time) => Timing!.Clock.WaitUntil(time, Context.Cancelled);

    private DeviceTiming? Timing => Context.Device.Timing;

    /// <summary>The point behind everything submitted so far.</summary>
    public StreamPoint Tail
    {
        get
        {
            lock (_gate)
            {
                return new StreamPoint(this, _submitted, _lastTime);
            }
        }
    }

    /// <summary>Takes work in. <paramref name="mayRunHere"/>: the caller is willing to run it on its own thread.</summary>
    public Admission Enqueue(StreamWork work, bool mayRunHere, out StreamPoint point)
    {
        lock (_gate)
        {
            if (_closed)
            {
                point = default;
                return Admission.Refused;
            }
            if (Timing is { } timing)
            {
                work.Submitted = timing.Clock.Now;
                work.Time = _lastTime = new WorkTime();
                // What does nothing needs no thread, unless it waits.
                mayRunHere = (mayRunHere || !timing.Executes) && !work.ActsOnHost;
            }
            point = new StreamPoint(this, ++_submitted, _lastTime);
            if (mayRunHere && !_active && work.NextObstacle() is null && (Timing is null || Timing.IsNear(ReadyTime(work))))
            {
                _active = true;
                return Admission.Reserved;
            }
            _queue.Enqueue(work);
            if (_active)
            {
                return Admission.Queued;
            }
            _active = true;
        }
        _workers.Run(this);
        return Admission.Queued;
    }

    /// <summary>Runs work that <see cref="Enqueue"/> admitted as <see cref="Admission.Reserved"/>.</summary>
    public void RunReserved(StreamWork work)
    {
        Execute(work);
        if (Finish())
        {
            _workers.Run(this);
        }
    }

    /// <summary>Blocks until the work with this sequence number is done.</summary>
    public void Wait(long sequence)
    {
        lock (_gate)
        {
            _waiters++;
            while (_completed < sequence)
            {
                Monitor.Wait(_gate);
            }
            _waiters--;
        }
    }

    /// <summary>Refuses work from now on.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }
    }

    /// <summary>Runs queued work until there is none, or until the next piece waits for another stream. Called by the workers.</summary>
    public void Pump()
    {
        while (true)
        {
            StreamWork work;
            lock (_gate)
            {
                work = _queue.Peek();
            }
            if (work.NextObstacle() is { } obstacle)
            {
                if (obstacle.Stream.Notify(this, obstacle.Sequence))
                {
                    return;
                }
                continue;
            }
            lock (_gate)
            {
                _queue.Dequeue();
            }
            Execute(work);
            if (!Finish())
            {
                return;
            }
        }
    }

    /// <summary>Has <paramref name="dependent"/> pumped once the sequence number is done; false if it is already.</summary>
    private bool Notify(DriverStream dependent, long sequence)
    {
        lock (_gate)
        {
            if (_completed >= sequence)
            {
                return false;
            }
            _dependents.Add(new StreamPoint(dependent, sequence));
            return true;
        }
    }

    private void Execute(StreamWork work)
    {
        try
        {
            if (Timing is { } timing)
            {
                var start = new WorkStart(work.Submitted, ReadyTime(work), Context.Driver);
                if (!timing.IsNear(start.Ready))
                {
                    timing.Clock.WaitUntil(start.Ready - DeviceTiming.Horizon, Context.Cancelled);
                }
                if (Context.MayRun(work))
                {
                    _end = Math.Max(start.Ready, work.RunTimed(Context, timing, start));
                }
            }
            else if (Context.MayRun(work))
            {
                work.Run(Context);
            }
        }
        catch (Exception exception)
        {
            Context.Fail(exception);
        }
        finally
        {
            if (work.Time is { } time)
            {
                time.End = _end;
            }
            work.Release();
        }
    }

    // With a timing model, when what the work comes after ends. Only for who runs work, or while nobody does.
    private long ReadyTime(StreamWork work) => Math.Max(work.Submitted, Math.Max(work.NotBefore, _end));

    /// <summary>Counts one piece of work as done. True if there is more, which the caller must see to.</summary>
    private bool Finish()
    {
        lock (_gate)
        {
            long completed = _completed + 1;
            Volatile.Write(ref _completed, completed); // Pairs with Completed.
            if (_waiters > 0)
            {
                Monitor.PulseAll(_gate);
            }
            for (int i = _dependents.Count - 1; i >= 0; i--)
            {
                if (_dependents[i].Sequence <= completed)
                {
                    // It parked itself in Pump: it is active and no thread pumps it.
                    _workers.Run(_dependents[i].Stream);
                    _dependents.RemoveAt(i);
                }
            }
            _active = _queue.Count > 0;
            return _active;
        }
    }
}
