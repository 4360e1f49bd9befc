using CudaRpc.Transport.Emulation;

namespace CudaRpc.Model;

/// <summary>The worst networks over which a program is no more than so much slower than over a free one.</summary>
/// <param name="Most">The slowdown that is allowed; 0.05 for 5 %.</param>
/// <param name="Points">For each bandwidth that was asked for, the longest round trip.</param>
/// <param name="LeastBandwidth">Bytes a second that it takes where there are no round trips; infinite where no bandwidth is enough.</param>
/// <param name="Binding">What keeps it from being less.</param>
public sealed record Frontier(double Most, IReadOnlyList<FrontierPoint> Points, double LeastBandwidth, string Binding)
{
    // What NetworkConditions takes.
    private const double SlowestLink = 1e3;
    private const double FastestLink = 1e15;
    private static readonly long s_longest = TimeSpan.FromSeconds(10).Ticks;
    private const long Resolution = TimeSpan.TicksPerMicrosecond / 10;
    private const int Exactness = 256;

    // A step is so much of what there is.
    private const int Steps = 5;

    /// <summary>Whether any network is good enough.</summary>
    public bool IsMet => !double.IsInfinity(LeastBandwidth) || Points.Any(point => point.LongestRtt is not null);

    /// <summary>Looks for it.</summary>
    /// <param name="model">The program.</param>
    /// <param name="most">The slowdown that is allowed.</param>
    /// <param name="bandwidths">Bytes a second to look at.</param>
    public static Frontier Find(ProgramModel model, double most, IEnumerable<double> bandwidths)
    {
        long bound = (long)(model.FreeTime * (1 + most));
        List<FrontierPoint> points = [.. bandwidths.Select(bandwidth => At(model, bound, bandwidth))];
        double least = LeastFor(model, bound);
        return new Frontier(most, points, least, least <= SlowestLink ? "nothing" : Why(model, Network(0, double.IsInfinity(least) ? FastestLink : least * 0.9)));
    }

    private static FrontierPoint At(ProgramModel model, long bound, double bandwidth)
    {
        if (!Meets(0))
        {
            return new FrontierPoint(bandwidth, null, Why(model, Network(0, bandwidth)));
        }

        (long good, long bad) = Longest(Meets);
        return new FrontierPoint(bandwidth, TimeSpan.FromTicks(good), good == bad ? "nothing" : Why(model, Network(bad, bandwidth)));

        bool Meets(long ticks) => model.Time(Network(ticks, bandwidth)) <= bound;
    }

    /// <summary>The longest round trip, in ticks, such that shorter ones are good enough too, and one that is not; both the longest there is where all are.</summary>
    /// <param name="meets">Whether one is good enough; 0 is.</param>
    internal static (long Good, long Bad) Longest(Func<long, bool> meets)
    {
        // Upwards in small steps: a longer one may be good enough again, and does not help who buys a network.
        long good = 0, bad = Resolution;
        while (meets(bad))
        {
            if (bad == s_longest)
            {
                return (bad, bad);
            }

            (good, bad) = (bad, Math.Min(bad + Math.Max(bad / Steps, Resolution), s_longest));
        }

        while (bad - good > Math.Max(Resolution, good / Exactness))
        {
            long middle = (good + bad) / 2;
            (good, bad) = meets(middle) ? (middle, bad) : (good, middle);
        }

        return (good, bad);
    }

    private static double LeastFor(ProgramModel model, long bound)
    {
        if (!Meets(FastestLink))
        {
            return double.PositiveInfinity;
        }

        double bad = SlowestLink, good = FastestLink;
        if (Meets(bad))
        {
            return bad;
        }

        while (good / bad > 1 + (1.0 / Exactness))
        {
            double middle = Math.Sqrt(good * bad);
            (good, bad) = Meets(middle) ? (middle, bad) : (good, middle);
        }

        return good;

        bool Meets(double bandwidth) => model.Time(Network(0, bandwidth)) <= bound;
    }

    // What most of the time beyond the free network's goes to.
    private static string Why(ProgramModel model, NetworkConditions network)
    {
        Prediction prediction = model.Predict(network);
        long most = Math.Max(prediction.Latency, Math.Max(prediction.BytesOut, prediction.BytesIn));
        return most == prediction.BytesOut && most > 0 ? "bytes out"
            : most == prediction.BytesIn && most > 0 ? "bytes in"
            : $"latency of {string.Join(", ", prediction.Calls.TakeWhile((call, index) => index == 0 || call.Time * 4 > prediction.Latency).Select(Name))}";

        static string Name(CallLatency call) => $"{call.Function} ({call.RoundTrips} round trips)";
    }

    private static NetworkConditions Network(long rtt, double bandwidth) => new(TimeSpan.FromTicks(rtt), bandwidth, TimeSpan.Zero);
}

/// <summary>The longest round trip that is good enough at a bandwidth.</summary>
/// <param name="BytesPerSecond">The bandwidth.</param>
/// <param name="LongestRtt">10 seconds where any is good enough, null where none is.</param>
/// <param name="Binding">What keeps it from being longer.</param>
public sealed record FrontierPoint(double BytesPerSecond, TimeSpan? LongestRtt, string Binding);
