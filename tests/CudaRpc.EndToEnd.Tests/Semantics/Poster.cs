using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A thread of the program, with its lane, that does one thing after the other as it is told.</summary>
internal sealed class Poster : IDisposable
{
    private readonly BlockingCollection<Action> _actions = [];
    private readonly Worker _worker;

    /// <summary>Has its lane when this returns.</summary>
    public Poster(RemoteDriver driver, CUcontext context)
    {
        _worker = new Worker(() =>
        {
            foreach (Action action in _actions.GetConsumingEnumerable())
            {
                action();
            }
        });
        Does(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            Cuda.Ok(driver.cuStreamQuery(default));
        });
    }

    /// <summary>Returns when it is done.</summary>
    public void Does(Action action)
    {
        using var done = new ManualResetEvent(false);
        _actions.Add(() =>
        {
            action();
            done.Set();
        });
        Condition.IsSet(done, "what a thread was told to do");
    }

    public void Dispose()
    {
        _actions.CompleteAdding();
        _worker.Ends();
        _actions.Dispose();
    }
}
