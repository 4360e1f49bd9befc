using CudaRpc.Client;
using CudaRpc.Transport;

namespace CudaRpc.Server.Commands.Bench;

/// <summary>Measures one server through emulated networks: what a step of a program costs on each, and how exact the emulation is.</summary>
internal sealed class NetworkBench(ServerUrl url, BenchEffort effort)
{
    private const int Launches = 1000;
    private const int Copies = 64;
    private const int CopyBytes = 1 << 20;
    private static readonly int[] s_roundTrips = [0, 10, 20, 50, 100, 200, 500, 1000];
    private static readonly int[] s_gigabits = [1, 10];

    public NetworkFigures Measure()
    {
        using var near = new BenchProgram(Open(url), CopyBytes);
        WarmUp(near);
        return new NetworkFigures(Launches, Copies, CopyBytes, [.. s_roundTrips.Select(rtt => AtRoundTrip(near, rtt))], [.. s_gigabits.Select(AtBandwidth)]);
    }

    // In turns with the same calls on the connection without a network, as far apart as the round trip is long: what it takes to wake a server that
    // has slept so long is not the emulation's error.
    private RoundTripFigures AtRoundTrip(BenchProgram near, int microseconds)
    {
        using var far = new BenchProgram(Open($"?rtt={microseconds}us"), CopyBytes);
        WarmUp(far);
        double[] call = new double[effort.Rounds], added = new double[effort.Rounds], launches = new double[effort.Rounds], copies = new double[effort.Rounds];
        int calls = Math.Clamp(200_000 / (microseconds + 50), 100, effort.Calls);
        for (int round = 0; round < effort.Rounds; round++)
        {
            call[round] = far.Synchronize(calls).Median / 1e3;
            added[round] = call[round] - (near.Synchronize(calls, TimeSpan.FromMicroseconds(microseconds)).Median / 1e3);
            launches[round] = far.Step(Launches, 0, 0, 20) * 1e6;
            copies[round] = far.Step(0, Copies, CopyBytes, 3) * 1e6;
        }

        return new RoundTripFigures(microseconds, Middle(call), Middle(added), Middle(launches), Middle(copies));
    }

    private BandwidthFigures AtBandwidth(int gigabits)
    {
        using var program = new BenchProgram(Open($"?bandwidth={gigabits}Gbps"), 16 << 20);
        WarmUp(program);
        double[] rates = new double[effort.Rounds];
        for (int round = 0; round < effort.Rounds; round++)
        {
            rates[round] = program.Copy(toDevice: true, 16 << 20, 4) * 8 / 1e9;
        }

        return new BandwidthFigures(gigabits, Middle(rates));
    }

    private CudaRpc.Driver.CudaDriver Open(string network) => Open(ServerUrl.Parse(url + network));

    private static CudaRpc.Driver.CudaDriver Open(ServerUrl url) => DriverFactory.Open(url.ToString(), new SessionOptions { ClientName = "cudarpc bench" });

    private static void WarmUp(BenchProgram program)
    {
        program.Synchronize(100);
        program.Step(Launches, 1, CopyBytes, 5);
    }

    private static double Middle(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
