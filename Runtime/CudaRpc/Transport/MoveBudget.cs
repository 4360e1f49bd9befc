namespace CudaRpc.Transport;

/// <summary>How often a thread that waits in vain tries another processor: each time at first, more and more seldom where that does not help.</summary>
internal struct MoveBudget()
{
    private const int MostPatience = 64;

    private int _vain;
    private int _patience = 1;

    /// <summary>The thread has waited in vain; it may be on another processor when this returns.</summary>
    public void Failed()
    {
        if (++_vain >= _patience)
        {
            PromptThread.MoveAway();
            (_vain, _patience) = (0, Math.Min(2 * _patience, MostPatience));
        }
    }

    /// <summary>It has not.</summary>
    public void Succeeded() => (_vain, _patience) = (0, 1);
}
