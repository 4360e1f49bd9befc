namespace CudaRpc.Server.Commands.Bench;

/// <summary>How long many of the same took, in nanoseconds; its properties are the JSON's, and those of <c>cudarpc-raw</c>.</summary>
internal sealed record Timing(long Min, long Median, long P90, long P99, long P999, long Max)
{
    /// <summary>Sorts <paramref name="nanoseconds"/>, of which there is at least one.</summary>
    public static Timing Of(long[] nanoseconds)
    {
        Array.Sort(nanoseconds);
        return new Timing(nanoseconds[0], At(500), At(900), At(990), At(999), nanoseconds[^1]);

        long At(long thousandths) => nanoseconds[nanoseconds.Length * thousandths / 1000];
    }

    /// <summary>Of several rounds, the median of each figure: a round that the machine disturbed does not count.</summary>
    public static Timing MedianOf(IReadOnlyCollection<Timing> rounds)
    {
        return new Timing(Middle(t => t.Min), Middle(t => t.Median), Middle(t => t.P90), Middle(t => t.P99), Middle(t => t.P999), Middle(t => t.Max));

        long Middle(Func<Timing, long> figure) => rounds.Select(figure).Order().ElementAt(rounds.Count / 2);
    }
}
