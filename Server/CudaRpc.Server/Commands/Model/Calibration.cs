using CudaRpc.Model;
using CudaRpc.Server.Commands.Bench;
using CudaRpc.Transport;

namespace CudaRpc.Server.Commands.Model;

/// <summary>
/// Measures what calls cost beside the network, for <see cref="ProgramModel"/>. Takes some seconds, more where repeats differ.
/// </summary>
internal static class Calibration
{
    private const int Rounds = 5;
    private const int Attempts = 4;

    // By how much the quartiles of the rounds may differ. On a machine that does nothing else they do by a twentieth, of copies by a fifth; only a call
    // that waits takes 4 us or 10, depending on whether both ends have got one processor.
    private const double MostSpread = 1;
    private const double MostSpreadOfRoundTrips = 2;
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
        using OwnServer own = StartServer();
        return Measure(ServerUrl.Parse(own.Urls[0]));
    }

    /// <summary>A server whose device takes no time.</summary>
    public static OwnServer StartServer()
    {
        string socket = Path.Combine(Path.GetTempPath(), $"cudarpc-calibrate-{Environment.ProcessId}.sock");
        return OwnServer.Start("null", $"unix://{socket}");
    }

    /// <param name="url">
    /// The server; what its device takes counts as the server's. What an emulated network on the way takes by itself does not count; what
    /// emulating it takes does.
    /// </param>
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

    /// <summary>One round of the measurement, on connections of its own.</summary>
    /// <param name="url">See <see cref="Measure"/>.</param>
    /// <param name="copyNetwork">An emulated network for the copies, with its question mark: emulating one copies the data once more.</param>
    public static ModelCosts Once(ServerUrl url, string copyNetwork = "")
    {
        using BenchProgram near = Open(url.ToString());
        using BenchProgram far = Open($"{url.ToString().Split('?')[0]}?rtt={s_pause.TotalMicroseconds}us");
        using BenchProgram copies = Open(url + copyNetwork);
        WarmUp(near);
        WarmUp(far);
        WarmUp(copies);
        double trip = Math.Max(0, near.Synchronize(Calls).Median - (url.Network?.Rtt.TotalNanoseconds ?? 0));
        double post = near.LaunchCost(Calls);
        return new ModelCosts
        {
            Post = post,
            PostWake = Math.Max(0, far.LaunchPaused(PausedCalls, s_pause).Median - post),
            RoundTrip = trip,
            Wake = Math.Max(0, far.Synchronize(PausedCalls).Median - s_pause.TotalNanoseconds - trip),
            Serve = 1e9 / near.LaunchRate(1, Launches),
            CopyOut = copies.Copy(toDevice: true, CopyBytes, Copies),
            CopyIn = copies.Copy(toDevice: false, CopyBytes, Copies),
        };
    }

    /// <summary>What repeats of the measurement come to: of each figure the median, and whether it differs too much.</summary>
    public static ModelCosts Of(IReadOnlyCollection<ModelCosts> rounds)
    {
        var unsteady = new Dictionary<string, double>();
        return new ModelCosts
        {
            Post = Middle(nameof(ModelCosts.Post), static costs => costs.Post),
            PostWake = Middle(nameof(ModelCosts.PostWake), static costs => costs.PostWake),
            RoundTrip = Middle(nameof(ModelCosts.RoundTrip), static costs => costs.RoundTrip, MostSpreadOfRoundTrips),
            Wake = Middle(nameof(ModelCosts.Wake), static costs => costs.Wake),
            Serve = Middle(nameof(ModelCosts.Serve), static costs => costs.Serve),
            CopyOut = Middle(nameof(ModelCosts.CopyOut), static costs => costs.CopyOut),
            CopyIn = Middle(nameof(ModelCosts.CopyIn), static costs => costs.CopyIn),
            Unsteady = unsteady,
        };

        double Middle(string name, Func<ModelCosts, double> cost, double most = MostSpread)
        {
            (double median, double spread) = Quartiles.Of(rounds.Select(cost));
            if (spread > most)
            {
                unsteady.Add(name, Math.Round(spread, 2));
            }

            return median;
        }
    }

    // Each on connections of its own: which processor a thread gets decides what waking it costs.
    private static ModelCosts Repeat(ServerUrl url) => Of([.. Enumerable.Range(0, Rounds).Select(_ => Once(url))]);

    private static BenchProgram Open(string url) =>
        new(DriverFactory.Open(url, new SessionOptions { ClientName = "cudarpc model" }), CopyBytes);

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
