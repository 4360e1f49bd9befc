namespace CudaRpc.Programs.Tests;

/// <summary>Every program, with the static CUDA runtime, through a server.</summary>
public sealed class StaticRuntimeTests(ServerProcess server) : IClassFixture<ServerProcess>
{
    public static TheoryData<string> Programs => [.. Corpus.Programs];

    [Theory]
    [MemberData(nameof(Programs))]
    public void Program_StaticRuntimeThroughServer_Passes(string program) => Corpus.AssertPasses(program, Variant.Static, server.Url);

    [Theory]
    [MemberData(nameof(Programs))]
    public void Program_StaticRuntimeWithOwnDevice_Passes(string program) => Corpus.AssertPasses(program, Variant.Static, "sim:");
}
