namespace CudaRpc.Programs.Tests;

/// <summary>Every program, with the shared CUDA runtime, through a server.</summary>
public sealed class SharedRuntimeTests(ServerProcess server) : IClassFixture<ServerProcess>
{
    public static TheoryData<string> Programs => [.. Corpus.Programs];

    [Theory]
    [MemberData(nameof(Programs))]
    public void Program_SharedRuntimeThroughServer_Passes(string program) => Corpus.AssertPasses(program, Variant.Shared, server.Url);

    // A program as it is shipped: the device takes the PTX among the machine code.
    [Theory]
    [InlineData("vector_add")]
    [InlineData("templates")]
    [InlineData("constants")]
    [InlineData("separate")]
    public void Program_WithMachineCodeThroughServer_Passes(string program) => Corpus.AssertPasses(program, Variant.MachineCode, server.Url);

    // Every program of nvcc has an empty fat binary, its runtime's, before its own.
    [Fact]
    public void Doctor_OfAProgramOfNvcc_FindsItsKernelsRight()
    {
        Outcome outcome = Corpus.Examine("vector_add", Variant.Shared);
        Assert.Contains("kernels 1: PTX for 8.0 and later; loads", outcome.Output, StringComparison.Ordinal);
        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Errors);
    }
}
