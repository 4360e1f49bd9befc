namespace CudaRpc.Native.Tests;

/// <summary>The functions behind cuGetExportTable, called from C.</summary>
public sealed class ExportTableTests : IDisposable
{
    private readonly LocalServer _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Functions_SimulatedDevice_AnswerAsDriversDo() => AssertAnswers("sim:");

    [Fact]
    public void Functions_ThroughServer_AnswerAsDriversDo() => AssertAnswers(_server.Listen("tcp"));

    private static void AssertAnswers(string server)
    {
        string ptx = Path.Combine(Shim.Repository, "samples/kernels/vector_add.ptx");
        Outcome outcome = Shim.Run("tables", [("CUDARPC_SERVER", server)], arguments: [ptx]);
        Assert.Equal("", outcome.Errors);
        Assert.Equal(
            [
                "unknown 1 1",
                "size 13 same 1", "size 7 same 1", "size 3 same 1", "size 15 same 1", "size 3 same 1", "size 93 same 1", "size 99 same 1",
                "end 1",
                "before cuInit 3 3 3",
                "flags 1024 0 14",
                "integrity 3341181c03cb675c 8ed383aa1f4cd1e8 1841181c03cb675c",
                "none current 0 1 201",
                "active 0 current 1",
                "retained 1 problem 0 no device 101",
                "id 1 device 0",
                "module 1 1",
                "no module 0",
                "put 0 get 0 value 1 other 400",
                "delete 0 again 400 get 400",
                "still retained: get 0",
                "destroyed 1 1 1", "released: get 400 put fails 1",
                "destroyed 1 1 1", "reset: get 400",
                "destroyed 1 1 1", "context destroyed: get 400",
            ],
            outcome.Lines);
        Assert.Equal(0, outcome.ExitCode);
    }
}
