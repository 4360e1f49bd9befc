using System.Globalization;
using CudaRpc.Model;
using CudaRpc.Transport.Emulation;

namespace CudaRpc.Server.Commands.Model;

/// <summary>Networks on the command line, written as behind a server's URL.</summary>
internal static class NetworkArguments
{
    private const string UsualGrid = "0us,5us,10us,20us,50us,100us,200us,500us,1ms x 1Gbps,5Gbps,10Gbps,25Gbps,40Gbps,100Gbps,200Gbps";

    /// <summary>Bytes a second of networks that are bought.</summary>
    public static double[] UsualRates { get; } = Grid(UsualGrid).Rates;

    public static NetworkConditions One(string? rtt, string? bandwidth, string? jitter)
    {
        var parts = new List<string>();
        Add("rtt", rtt);
        Add("bandwidth", bandwidth);
        Add("jitter", jitter);
        return NetworkConditions.Parse(string.Join('&', parts));

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                parts.Add($"{name}={value}");
            }
        }
    }

    /// <summary>Two lists with an x between.</summary>
    public static (double[] Rates, TimeSpan[] Rtts) Grid(string? text)
    {
        const StringSplitOptions Clean = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        return (text ?? UsualGrid).Split('x', Clean) is [string rttList, string rateList]
            && rttList.Split(',', Clean) is [_, ..] rtts && rateList.Split(',', Clean) is [_, ..] rates
            ? ([.. rates.Select(rate => One(null, rate, null).BytesPerSecond)], [.. rtts.Select(rtt => One(rtt, null, null).Rtt)])
            : throw new FormatException($"'{text}' is no grid of networks: write 0us,20us,100us x 10Gbps,100Gbps");
    }

    public static double Percent(string text) =>
        double.TryParse(
            text.EndsWith('%') ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent)
            && percent is > 0 and <= 1e6
            ? percent / 100
            : throw new FormatException($"--require takes a slowdown above 0 in percent, as 5%, not '{text}'");

    public static Techniques Techniques(string? list)
    {
        Techniques all = default;
        foreach (string name in (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            all |= name switch
            {
                "posting" => CudaRpc.Model.Techniques.Posting,
                "local" => CudaRpc.Model.Techniques.Local,
                "minted" => CudaRpc.Model.Techniques.Minted,
                "dedup" => CudaRpc.Model.Techniques.Dedup,
                _ => throw new FormatException($"--without takes any of posting, local, minted and dedup, not '{name}'"),
            };
        }

        return all;
    }
}
