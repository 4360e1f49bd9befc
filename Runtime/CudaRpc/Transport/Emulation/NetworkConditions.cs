using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CudaRpc.Transport.Emulation;

/// <summary>
/// The network that a connection is to seem to go through: <c>?rtt=20us&amp;bandwidth=10Gbps&amp;jitter=5us&amp;flow=5Gbps</c> behind a server's URL. What the real
/// one takes comes on top, so emulate over <c>unix://</c>, <c>shm://</c> or loopback.
/// </summary>
/// <param name="Rtt">Time for the first byte there and the first byte back.</param>
/// <param name="BytesPerSecond">In each direction, shared by the connections of a session; infinite where not given.</param>
/// <param name="Jitter">The delay of each way varies by up to this much; bytes keep their order.</param>
public sealed record NetworkConditions(TimeSpan Rtt, double BytesPerSecond, TimeSpan Jitter)
{
    /// <summary>Bytes per second of one connection in each direction, which many networks limit; infinite where not given.</summary>
    public double FlowBytesPerSecond { get; init; } = double.PositiveInfinity;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);

    // The longest suffixes first: "s" ends them all.
    private static readonly (string Suffix, double Seconds)[] s_times = [("us", 1e-6), ("ms", 1e-3), ("s", 1)];
    private static readonly (string Suffix, double BitsPerSecond)[] s_rates = [("Gbps", 1e9), ("Mbps", 1e6), ("kbps", 1e3)];

    /// <summary>Reads what stands behind the question mark.</summary>
    /// <exception cref="FormatException">It is no such list; the message says why.</exception>
    internal static NetworkConditions Parse(string query)
    {
        TimeSpan? rtt = null, jitter = null;
        double? bandwidth = null, flow = null;
        foreach (string part in query.Split('&'))
        {
            string[] pair = part.Split('=');
            switch (pair)
            {
                case ["rtt", string value] when rtt is null:
                    rtt = Time(part, value);
                    break;
                case ["jitter", string value] when jitter is null:
                    jitter = Time(part, value);
                    break;
                case ["bandwidth", string value] when bandwidth is null:
                    bandwidth = Rate(part, value);
                    break;
                case ["flow", string value] when flow is null:
                    flow = Rate(part, value);
                    break;
                default:
                    throw new FormatException(
                        $"'{part}' is not one of rtt=TIME, bandwidth=RATE, jitter=TIME, flow=RATE and, of tcp:// and unix://, streams=N, "
                        + "each at most once");
            }
        }

        return new NetworkConditions(rtt ?? default, bandwidth ?? double.PositiveInfinity, jitter ?? default)
        {
            FlowBytesPerSecond = flow ?? double.PositiveInfinity,
        };
    }

    /// <summary>As it stands behind the question mark of a URL.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        Add("rtt", Rtt.TotalMicroseconds, "us");
        Add("bandwidth", double.IsInfinity(BytesPerSecond) ? 0 : BytesPerSecond * 8 / 1e6, "Mbps");
        Add("jitter", Jitter.TotalMicroseconds, "us");
        Add("flow", double.IsInfinity(FlowBytesPerSecond) ? 0 : FlowBytesPerSecond * 8 / 1e6, "Mbps");
        return parts.Count > 0 ? string.Join('&', parts) : "rtt=0us";

        void Add(string name, double value, string unit)
        {
            if (value > 0)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={value}{unit}"));
            }
        }
    }

    private static double Rate(string part, string value) => Number(value, s_rates) is double rate and >= 8e3 and <= 1e15
        ? rate / 8
        : throw new FormatException(
            $"{part}: a bandwidth is a number with Gbps, Mbps or kbps, as in bandwidth=25Gbps, from 8kbps to 1000000Gbps");

    private static TimeSpan Time(string part, string value) =>
        Number(value, s_times) is double seconds && seconds <= s_longest.TotalSeconds
            ? TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond))
            : throw new FormatException($"{part}: a time is a number with us, ms or s, as in rtt=20us, and at most {s_longest.TotalSeconds} s");

    private static double? Number(string text, (string Suffix, double Scale)[] units)
    {
        foreach ((string suffix, double scale) in units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                return double.TryParse(text.AsSpan(..^suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                    ? number * scale
                    : null;
            }
        }

        return null;
    }
}
