namespace CudaRpc.Native.Tests;

/// <summary>What a CUDA runtime of CUDA 13 calls, made by a program of ours: no such runtime is packaged for the machines that test.</summary>
public sealed class Runtime13Tests : IDisposable
{
    private readonly LocalServer _server = new();

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("sim:")]
    [InlineData("tcp")]
    [InlineData("unix")]
    public void Sequence_OfRuntime13_IsAnsweredAsItNeeds(string server)
    {
        string ptx = Path.Combine(Shim.Repository, "samples/kernels/vector_add.ptx");
        Outcome outcome = Shim.Run("runtime13", [("CUDARPC_SERVER", server == "sim:" ? server : _server.Listen(server))], arguments: [ptx]);
        Assert.Equal("", outcome.Errors);
        Assert.Equal(
            [
                "nothing 0 1",
                "version 1",
                "logs 1 1",
                "compiler 0",
                "devices 1 attributes 0",
                "checks 1 0",
                "answers 1",
                "managed 0",
                "no context 201 1",
                "context 1 400 0",
                "wrong 0 occupancy 1 threads 1",
                "destroyed 1 drop 400",
                "made 1",
            ],
            outcome.Lines);
        Assert.Equal(0, outcome.ExitCode);
    }
}
