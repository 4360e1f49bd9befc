namespace CudaRpc.Server.Commands.Model;

/// <summary>One workload over one network. Times are nanoseconds, errors 0.05 for 5 %.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="RttUs">The network's round trip.</param>
/// <param name="BandwidthGbps">The network's bandwidth.</param>
/// <param name="Recorded">What the traced runs took, without a network: the shortest.</param>
/// <param name="Predicted">What the model says; of the traces, the shortest.</param>
/// <param name="Formula">What the closed formula says, likewise.</param>
/// <param name="Measured">What the runs took over the emulated network: the shortest of each part.</param>
/// <param name="Spread">See <see cref="RunTimes.Spread"/>.</param>
/// <param name="Runs">How many runs there were.</param>
internal sealed record ValidationRow(
    string Workload, double RttUs, double BandwidthGbps, long Recorded, long Predicted, long Formula, long Measured, double Spread,
    int Runs)
{
    public double Error => ((double)Predicted / Measured) - 1;

    public double FormulaError => ((double)Formula / Measured) - 1;
}
