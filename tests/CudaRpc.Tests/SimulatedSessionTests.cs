namespace CudaRpc.Tests;

/// <summary>The simulated device in this process.</summary>
public sealed class SimulatedSessionTests() : SessionTests(CudaSession.Connect("sim:"))
{
    [Fact]
    public void Statistics_DriverInThisProcess_AreZero() => Assert.Equal(default, Session.Statistics);
}
