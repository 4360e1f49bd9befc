namespace CudaRpc;

/// <summary>
/// Waits for the completions of one stream, in the order they were given, on a thread of its own. The thread starts with the first
/// completion and ends when there has been none for a while: a thread has its own connection to a server, so it is worth keeping.
/// </summary>
internal sealed class CompletionThread(CudaContext context)
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(5);
    private readonly Queue<Completion> _pending = new();
    private bool _running;

    /// <summary>Adds a completion. Does not wait.</summary>
    internal void Enqueue(Completion completion)
    {
        lock (_pending)
        {
            _pending.Enqueue(completion);
            if (_running)
            {
                Monitor.Pulse(_pending);
                return;
            }
            _running = true;
        }
        new Thread(Run) { IsBackground = true, Name = "CudaRpc completion" }.Start();
    }

    private void Run()
    {
        while (Next() is { } completion) completion.Wait(context);
    }

    /// <summary>The next completion, or null if the thread is to end.</summary>
    private Completion? Next()
    {
        lock (_pending)
        {
            while (_pending.Count == 0)
            {
                if (context.IsDisposed || (!Monitor.Wait(_pending, s_idle) && _pending.Count == 0))
                {
                    _running = false;
                    return null;
                }
            }
            return _pending.Dequeue();
        }
    }
}
