namespace CudaRpc.Server.Commands.Model;

/// <summary>
/// Times of runs that do the same in the same parts. What else a machine does makes parts longer, never shorter, and mostly not the same
/// ones in each run: what the whole takes is the sum of the shortest times of its parts.
/// </summary>
internal sealed class RunTimes
{
    // Of each part the shortest time, and the one after that.
    private long[] _shortest = [];
    private long[] _second = [];

    /// <summary>Runs so far.</summary>
    public int Count { get; private set; }

    /// <summary>The sum of the shortest; a run at least.</summary>
    public long Total => _shortest.Sum();

    /// <summary>
    /// By how much the sum of the second shortest is longer, 0 for one run. Where that is much, nobody knows whether the shortest were
    /// disturbed, too.
    /// </summary>
    public double Spread => Count < 2 ? 0 : ((double)_second.Sum() / Total) - 1;

    /// <param name="parts">What each part of a run took, as many as of each run before.</param>
    public void Add(long[] parts)
    {
        if (Count++ == 0)
        {
            _shortest = [.. parts];
            _second = [.. parts.Select(static _ => long.MaxValue)];
            return;
        }

        for (int part = 0; part < parts.Length; part++)
        {
            (_shortest[part], _second[part]) = parts[part] < _shortest[part]
                ? (parts[part], _shortest[part])
                : (_shortest[part], Math.Min(_second[part], parts[part]));
        }
    }
}
