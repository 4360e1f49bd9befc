using CudaRpc.Model;
using CudaRpc.Server.Commands.Bench;
using CudaRpc.Transport;

namespace CudaRpc.Server.Commands.Model;

/// <summary>Measures what calls cost beside the network, for <see cref="ProgramModel"/>. Takes some seconds, more where repeats differ.</summary>
internal static class Calibration
{
    private const int Rounds = 5;
    private const int Attempts = 4;
    // On a machine that does nothing else the quartiles of five rounds differ by a twentieth, of copies by a fifth.
    private const double MostSpread = 0.5;
    private const int Calls = 1000;
    private const int PausedCalls = 200;
    private const int Launches = 50_000;
    private const int CopyBytes = 16 << 20;
    private const int Copies = 4;

    // Both sides sleep for so long.
    private static readonly TimeSpan s_pause = TimeSpan.FromMicroseconds(200);

    /// <summary>Measures with a server that this starts, whose device takes no time.</summary>
    public static ModelCosts MeasureHere()
    {
        string socket = Path.Combine(Path.GetTempPath(), $"cudarpc-calibrate-{Environment.ProcessId}.sock");
        using OwnServer own = OwnServer.Start("null", $"unix://{socket}");
        return Measure(ServerUrl.Parse(own.Urls[0]));
    }

    /// <param name="url">The server; what its device takes counts as the server's. What an emulated network on the way takes by itself does not count; what emulating it takes does.</param>
    public static ModelCosts Measure(ServerUrl url)
    {
        ModelCosts steadiest = Repeat(url);
        for (int again = 1; again < Attempts && steadiest.Unsteady.Count > 0; again++)
        {
            ModelCosts costs = Repeat(url);
            steadiest = costs.Unsteady.Count < steadiest.Unsteady.Count ? costs : steadiest;
        }

        return steadiest;
    }

    /// <summary>What repeats of the measurement come to: of each figure the median, and whether it differs too much.</summary>
    public static ModelCosts Of(IReadOnlyCollection<ModelCosts> rounds)
    {
        var unsteady = new Dictionary<string, double>();
        return new ModelCosts
        {
            Post = Middle(nameof(ModelCosts.Post), static costs => costs.Post),
            PostWake = Middle(nameof(ModelCosts.PostWake), static costs => costs.PostWake),
            RoundTrip = Middle(nameof(ModelCosts.RoundTrip), static costs => costs.RoundTrip),
            Wake = Middle(nameof(ModelCosts.Wake), static costs => costs.Wake),
            Serve = Middle(nameof(ModelCosts.Serve), static costs => costs.Serve),
            CopyOut = Middle(nameof(ModelCosts.CopyOut), static costs => costs.CopyOut),
            CopyIn = Middle(nameof(ModelCosts.CopyIn), static costs => costs.CopyIn),
            Unsteady = unsteady,
        };

        double Middle(string name, Func<ModelCosts, double> cost)
        {
            (double median, double spread) = Quartiles.Of(rounds.Select(cost));
            if (spread > MostSpread)
            {
                unsteady.Add(name, Math.Round(spread, 2));
            }

            return median;
        }
    }

    // Each on connections of its own: which processor a thread gets decides what waking it costs.
    private static ModelCosts Repeat(ServerUrl url) => Of([.. Enumerable.Range(0, Rounds).Select(_ => Once(url))]);

    private static ModelCosts Once(ServerUrl url)
    {
        using BenchProgram near = Open(url.ToString()), far = Open($"{url.ToString().Split('?')[0]}?rtt={s_pause.TotalMicroseconds}us");
        WarmUp(near);
        WarmUp(far);
        double trip = Math.Max(0, near.Synchronize(Calls).Median - (url.Network?.Rtt.TotalNanoseconds ?? 0));
        double post = near.LaunchCost(Calls);
        return new ModelCosts
        {
            Post = post,
            PostWake = Math.Max(0, far.LaunchPaused(PausedCalls, s_pause).Median - post),
            RoundTrip = trip,
            Wake = Math.Max(0, far.Synchronize(PausedCalls).Median - s_pause.TotalNanoseconds - trip),
            Serve = 1e9 / near.LaunchRate(1, Launches),
            CopyOut = near.Copy(toDevice: true, CopyBytes, Copies),
            CopyIn = near.Copy(toDevice: false, CopyBytes, Copies),
        };
    }

    private static BenchProgram Open(string url) => new(DriverFactory.Open(url, new SessionOptions { ClientName = "cudarpc model" }), CopyBytes);

    // Until both sides' code has been compiled for the last time.
    private static void WarmUp(BenchProgram program)
    {
        program.Synchronize(Calls / Rounds);
        program.LaunchRate(1, Launches);
        program.LaunchCost(Calls);
        program.Copy(toDevice: true, CopyBytes, 1);
        program.Copy(toDevice: false, CopyBytes, 1);
    }
}
