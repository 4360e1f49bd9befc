using CudaRpc.Transport.Emulation;

namespace CudaRpc.Model.Tests;

/// <summary>Costs that leave nothing but the network and what a trace says, so that answers can be computed by hand.</summary>
internal static class Exact
{
    public static ModelCosts Costs { get; } = new()
    {
        Post = 0, PostWake = 0, RoundTrip = 0, Wake = 0, ConnectTrips = 0, Spin = 20_000, Serve = 0, CopyOut = 1e15 - 1, CopyIn = 1e15 - 1, DeviceCopy = 1e15 - 1,
    };

    public static NetworkConditions Network(double rttUs = 0, double gigabits = double.PositiveInfinity) =>
        new(TimeSpan.FromTicks((long)(rttUs * TimeSpan.TicksPerMicrosecond)), gigabits * 1e9 / 8, TimeSpan.Zero);

    /// <summary>Microseconds that the program takes.</summary>
    public static double Time(TraceMaker program, double rttUs = 0, double gigabits = double.PositiveInfinity, Techniques without = Techniques.None) =>
        ProgramModel.Of(program.Make(), Costs, without).Time(Network(rttUs, gigabits)) / 1e3;
}
