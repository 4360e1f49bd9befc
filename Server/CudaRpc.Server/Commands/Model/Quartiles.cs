namespace CudaRpc.Server.Commands.Model;

/// <summary>What several measurements of the same come to.</summary>
/// <param name="Median">The one in the middle.</param>
/// <param name="Spread">By how much those at three and at one quarter differ: 0.2 for 20 %. One or two that something disturbed do not count.</param>
internal readonly record struct Quartiles(double Median, double Spread)
{
    /// <param name="values">At least one, none negative.</param>
    public static Quartiles Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        double low = sorted[(sorted.Length - 1) / 4], high = sorted[sorted.Length - 1 - ((sorted.Length - 1) / 4)];
        return new Quartiles(sorted[sorted.Length / 2], high > low ? (high / Math.Max(low, 1e-9)) - 1 : 0);
    }

    /// <param name="values">At least one, none negative.</param>
    public static Quartiles Of(IEnumerable<long> values) => Of(values.Select(static value => (double)value));
}
