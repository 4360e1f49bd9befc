namespace CudaRpc.Native.Tests;

/// <summary>C programs whose device is that of a server.</summary>
public sealed class ServerTests : IDisposable
{
    private readonly LocalServer _server = new();

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    [InlineData("shm")]
    public void Copies_ThroughServer_ComeBackUnchanged(string transport)
    {
        Outcome outcome = Shim.Run("copies", [("CUDARPC_SERVER", _server.Listen(transport))]);
        Assert.Equal("", outcome.Errors);
        Assert.Equal(["400 copies on a named device"], outcome.Lines);
    }

    [Fact]
    public void Ilgpu_ThroughServer_ComputesRight()
    {
        Outcome outcome = Shim.RunIlgpu(_server.Listen("unix"));
        Assert.Equal("", outcome.Errors);
        Assert.Equal(["OK"], outcome.Lines);
    }

    [Fact]
    public void Server_InConfigurationFile_IsUsed()
    {
        string file = Path.Combine(_server.Folder, "config");
        File.WriteAllText(file, $"server = {_server.Listen("unix")}\n");
        Outcome outcome = Shim.Run("lifecycle", [("CUDARPC_CONFIG", file)]);
        Assert.Equal("", outcome.Errors);
        Assert.Contains("count 1", outcome.Lines);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    [InlineData("shm")]
    public void Exit_WithoutCleaningUp_ReleasesAllOnTheServer(string transport)
    {
        Outcome outcome = Shim.Run("exit", [("CUDARPC_SERVER", _server.Listen(transport))]);
        Assert.Equal(["atexit 0", "destructor 0"], outcome.Lines);
        Assert.Equal(7, outcome.ExitCode);
        Assert.True(SpinWait.SpinUntil(() => _server.Usage == default, TimeSpan.FromSeconds(20)), $"the server still has {_server.Usage}");
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("shm")]
    public void Fork_Child_LeavesTheParentsSessionAlone(string transport)
    {
        Outcome outcome = Shim.Run("fork", [("CUDARPC_SERVER", _server.Listen(transport))]);
        Assert.Equal("", outcome.Errors);
        Assert.Equal(["child exit 3", "parent cuCtxSynchronize 0", "parent cuCtxDestroy 0"], outcome.Lines[^3..]);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    [InlineData("shm")]
    public void Server_Dies_CallsFailAndTheProgramLives(string transport)
    {
        Outcome outcome = Shim.Run("lost", [("CUDARPC_SERVER", _server.Listen(transport))], whenReady: _server.Stop);
        Assert.Equal(["ready", "lost 46", "then 46"], outcome.Lines);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("lost", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }
}
