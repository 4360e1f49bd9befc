namespace CudaRpc.Native.Tests;

/// <summary>The library is a good guest in a C process. The driver is the simulated one, in the process.</summary>
public sealed class ProcessTests
{
    private static readonly (string, string)[] s_simulated = [("CUDARPC_SERVER", "sim:")];

    [Fact]
    public void Copies_FromManyThreads_ComeBackUnchanged() => AssertOutput("copies", "400 copies on a named device");

    [Fact]
    public void Ilgpu_InDotnetProcess_ComputesRight()
    {
        Outcome outcome = Shim.RunIlgpu("sim:");
        Assert.Equal("", outcome.Errors);
        Assert.Equal(["OK"], outcome.Lines);
    }

    [Fact]
    public void Calls_AfterMain_AreAnswered()
    {
        Outcome outcome = Shim.Run("exit", s_simulated);
        Assert.Equal(["atexit 0", "destructor 0"], outcome.Lines);
        Assert.Equal(7, outcome.ExitCode);
    }

    [Fact]
    public void Fork_Child_IsNotInitialisedAndParentGoesOn() => AssertOutput(
        "fork",
        "child cuCtxSynchronize 3", "child cuInit 3", "child cuDriverGetVersion 0", "child exit 3",
        "parent cuCtxSynchronize 0", "parent cuCtxDestroy 0");

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public void SignalHandler_OfTheProgram_GetsItsFaults(string set)
    {
        Outcome outcome = Shim.Run("signals", s_simulated, arguments: [set]);
        Assert.Equal(["caught 1", "caught 1"], outcome.Lines);
        Assert.Equal(0, outcome.ExitCode);
    }

    [Fact]
    public void Fault_Unhandled_EndsTheProgramWithItsSignal() => Assert.Equal(128 + 11, Shim.Run("crash", s_simulated).ExitCode);

    [Fact]
    public void Library_ClosedAndLoadedAgain_Works() =>
        AssertOutput("unload", "cuInit 0", "dlclose 0", "cuInit 0", "dlclose 0", "cuInit 0", "dlclose 0");

    private static void AssertOutput(string program, params string[] lines)
    {
        Outcome outcome = Shim.Run(program, s_simulated);
        Assert.Equal("", outcome.Errors);
        Assert.Equal(lines, outcome.Lines);
        Assert.Equal(0, outcome.ExitCode);
    }
}
