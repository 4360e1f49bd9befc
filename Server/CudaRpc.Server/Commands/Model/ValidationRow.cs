namespace CudaRpc.Server.Commands.Model;

/// <summary>One workload over one network. Times are nanoseconds, errors 0.05 for 5 %.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="RttUs">The network's round trip.</param>
/// <param name="BandwidthGbps">The network's bandwidth.</param>
/// <param name="Recorded">What the traced runs took, without a network: the shortest.</param>
/// <param name="Predicted">What the model says; of the traces, the shortest.</param>
/// <param name="Formula">What the closed formula says, likewise.</param>
/// <param name="Runs">What each run took over the emulated network; two at least.</param>
internal sealed record ValidationRow(
    string Workload, double RttUs, double BandwidthGbps, long Recorded, long Predicted, long Formula, IReadOnlyCollection<long> Runs)
{
    /// <summary>The shortest run.</summary>
    public long Measured => Runs.Min();

    /// <summary>See <see cref="SpreadOf"/>.</summary>
    public double Spread => SpreadOf(Runs);

    public double Error => ((double)Predicted / Measured) - 1;

    public double FormulaError => ((double)Formula / Measured) - 1;

    /// <summary>
    /// By how much the second shortest is longer than the shortest. Where that is much, nobody knows whether the shortest was disturbed, too.
    /// </summary>
    public static double SpreadOf(IReadOnlyCollection<long> runs)
    {
        long[] sorted = [.. runs.Order()];
        return ((double)sorted[1] / sorted[0]) - 1;
    }
}
