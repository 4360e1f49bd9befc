namespace CudaRpc.Client;

/// <summary>A lane's part in <see cref="PostTurns"/>: what its thread has left of its turn, and how it waits for one.</summary>
internal sealed class PostTurn
{
    private readonly object _granted = new();
    private bool _isGranted;

    // The first four are its own thread's.

    /// <summary>Bytes that are left of the lane's turn.</summary>
    public int Left { get; set; }

    /// <summary>Posted calls amid others.</summary>
    public int Posts { get; set; }

    /// <summary>When the clock was last looked at.</summary>
    public long Looked { get; set; }

    /// <summary>Whether the thread posts call upon call.</summary>
    public bool IsDense { get; set; }

    /// <summary>The lane's thread is about to wait.</summary>
    public void Ask() => _isGranted = false;

    /// <summary>Waits until the turn is granted, or for some milliseconds. Whether it is.</summary>
    public bool Wait(int milliseconds)
    {
        lock (_granted)
        {
            return _isGranted || Monitor.Wait(_granted, milliseconds);
        }
    }

    /// <summary>Ends the wait.</summary>
    public void Grant()
    {
        lock (_granted)
        {
            _isGranted = true;
            Monitor.Pulse(_granted);
        }
    }
}
