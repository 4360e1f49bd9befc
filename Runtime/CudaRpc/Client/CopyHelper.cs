using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>A thread that makes one part of each large copy, over a lane of its own. One caller at a time.</summary>
internal sealed class CopyHelper
{
    private readonly Lane _lane;
    private readonly AutoResetEvent _begins = new(false);
    private readonly AutoResetEvent _ended = new(false);

    // Written before _begins is set, and read after _ended is.
    private Func<Lane, int, CUresult>? _copy;
    private CUresult _status;

    public CopyHelper(Lane lane, int part)
    {
        (_lane, Part) = (lane, part);
        new Thread(Run) { IsBackground = true, Name = "cudarpc copy" }.Start();
    }

    /// <summary>Number of the part that it makes.</summary>
    public int Part { get; }

    /// <summary>Begins the part, in that context.</summary>
    public void Begin(CUcontext context, Func<Lane, int, CUresult> copy)
    {
        _lane.Contexts.Clear();
        _lane.Contexts.Push(context);
        _copy = copy;
        _begins.Set();
    }

    /// <summary>Waits for the end of the part that was begun; what it returned, and the posted call whose failure that was.</summary>
    public CUresult End(out string? deferred)
    {
        _ended.WaitOne();
        deferred = _lane.TakeDeferred();
        return _status;
    }

    /// <summary>Ends the thread, which is making no part.</summary>
    public void Stop()
    {
        _copy = null;
        _begins.Set();
    }

    private void Run()
    {
        while (true)
        {
            _begins.WaitOne();
            if (_copy is not { } copy)
            {
                return;
            }

            _status = copy(_lane, Part);
            _copy = null;
            _ended.Set();
        }
    }
}
