using System.Runtime.ExceptionServices;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>A thread of a test: its failures are the test's, and it does not outlive one that hangs.</summary>
internal sealed class Worker
{
    private readonly Thread _thread;
    private Exception? _failure;

    public Worker(Action action)
    {
        _thread = new Thread(() => _failure = Record.Exception(action)) { IsBackground = true };
        _thread.Start();
    }

    public bool IsRunning => _thread.IsAlive;

    /// <summary>Runs the action on a thread of its own to its end.</summary>
    public static void Run(Action action) => new Worker(action).Ends();

    public static Worker[] Start(int count, Action<int> action) => [.. Enumerable.Range(0, count).Select(index => new Worker(() => action(index)))];

    /// <summary>Waits for the end of the work and throws what it threw.</summary>
    public void Ends()
    {
        Assert.True(_thread.Join(Condition.Deadline), "a thread hangs");
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }
}
