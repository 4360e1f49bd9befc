using CudaRpc.Model;
using CudaRpc.Server.Commands.Bench;
using CudaRpc.Transport;

namespace CudaRpc.Server.Commands.Model;

/// <summary>Measures what calls cost beside the network, for <see cref="ProgramModel"/>. Takes some seconds.</summary>
internal static class Calibration
{
    private const int Rounds = 5;
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
        // Each on connections of its own: which processor a thread gets decides what waking it costs.
        ModelCosts[] rounds = [.. Enumerable.Range(0, Rounds).Select(_ => Once(url))];
        return new ModelCosts
        {
            Post = Middle(costs => costs.Post),
            PostWake = Middle(costs => costs.PostWake),
            RoundTrip = Middle(costs => costs.RoundTrip),
            Wake = Middle(costs => costs.Wake),
            Serve = Middle(costs => costs.Serve),
            CopyOut = Middle(costs => costs.CopyOut),
            CopyIn = Middle(costs => costs.CopyIn),
        };

        double Middle(Func<ModelCosts, double> cost) => rounds.Select(cost).Order().ElementAt(Rounds / 2);
    }

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
