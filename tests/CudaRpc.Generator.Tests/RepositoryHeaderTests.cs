namespace CudaRpc.Generator.Tests;

/// <summary>The generator over the repository's own header and rules.</summary>
public sealed class RepositoryHeaderTests
{
    [Fact]
    public void Generate_OwnHeader_CompilesWithoutWarnings()
    {
        GeneratorRun run = new GeneratorRun(Repository.Read("headers", "cuda.h"), Repository.Read("headers", "cuda.rules")).Run();

        Assert.Empty(run.Diagnostics);
        Assert.Empty(run.Compile([.. HandWritten.Sources, HandWritten.Custom(run)]));
    }
}
