namespace CudaRpc.Simulator.Execution;

/// <summary>
/// The threads that run the streams of one driver. Not the thread pool: kernels run long and host functions may block, and neither may
/// starve the server's own work. A thread exists while it is needed and a little longer; at most <see cref="MaxThreads"/> at a time, the
/// streams beyond that wait their turn, as they do for the hardware queues of a real device.
/// </summary>
internal sealed class StreamWorkers : IDisposable
{
    private const int MaxThreads = 64;
    private static readonly TimeSpan s_idleTime = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly Queue<DriverStream> _ready = new();
    private int _threads;
    private int _idle;
    private bool _closed;

    /// <summary>Has a thread pump the stream. The caller must have made it active.</summary>
    public void Run(DriverStream stream)
    {
        lock (_gate)
        {
            _ready.Enqueue(stream);
            if (_ready.Count <= _idle || _threads == MaxThreads)
            {
                Monitor.Pulse(_gate);
                return;
            }
            _threads++;
        }
        new Thread(Work) { IsBackground = true, Name = "CudaRpc simulated stream" }.Start();
    }

    /// <summary>Ends the idle threads. The streams must have drained.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Work()
    {
        while (Next() is { } stream)
        {
            stream.Pump();
        }
    }

    private DriverStream? Next()
    {
        lock (_gate)
        {
            while (true)
            {
                if (_ready.TryDequeue(out DriverStream? stream))
                {
                    return stream;
                }
                _idle++;
                bool signalled = !_closed && Monitor.Wait(_gate, s_idleTime);
                _idle--;
                if (!signalled && _ready.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }
        }
    }
}
