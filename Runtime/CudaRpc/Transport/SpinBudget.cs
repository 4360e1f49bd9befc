using System.Diagnostics;

namespace CudaRpc.Transport;

/// <summary>
/// How long a thread spins before it sleeps: as long as a wake-up costs while that helps, hardly at all where it does not, because the
/// other side takes long or needs this processor. Now and then all of it is tried again, on another processor.
/// </summary>
/// <param name="isNear">Whether the other side may be on this thread's processor.</param>
internal struct SpinBudget(bool isNear)
{
    // A wake-up across processors took 9 to 35 microseconds on a virtual machine with two; of a receiver on TCP 20 to 60, and what it waits
    // for has a network behind it.
    private static readonly long s_mostNear = Microseconds(20);
    private static readonly long s_mostFar = Microseconds(50);

    private const int Steps = 5;
    private const int RetryAfter = 16;

    private int _halvings;
    private int _failures;
    private MoveBudget _moves = new();

    private readonly long Most => isNear ? s_mostNear : s_mostFar;

    /// <summary>Ticks of <see cref="Stopwatch"/> to spin now.</summary>
    public long Next()
    {
        if (_failures < RetryAfter)
        {
            return Most >> _halvings;
        }

        if (isNear)
        {
            _moves.Failed();
        }

        return Most;
    }

    /// <summary>What was waited for came while the thread spun.</summary>
    public void Succeeded()
    {
        if (_failures >= RetryAfter)
        {
            _halvings = 0;
            _moves.Succeeded();
        }

        SucceededSoon();
    }

    /// <summary>It came before there was anything to ask of <see cref="Next"/>.</summary>
    public void SucceededSoon()
    {
        _halvings = Math.Max(0, _halvings - 1);
        _failures = 0;
    }

    /// <summary>It did not.</summary>
    public void Failed()
    {
        _failures = _failures >= RetryAfter ? 0 : _failures + 1;
        _halvings = Math.Min(_halvings + 1, Steps);
    }

    private static long Microseconds(int microseconds) =>
        Environment.ProcessorCount > 1 ? Math.Max(1, Stopwatch.Frequency / 1_000_000 * microseconds) : 0;
}
