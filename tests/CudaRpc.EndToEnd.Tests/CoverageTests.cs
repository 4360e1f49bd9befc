using CudaRpc.Server.Commands;

namespace CudaRpc.EndToEnd.Tests;

public sealed class CoverageTests
{
    [Fact]
    public void CoveragePage_OfTheRules_IsTheOneInDocs()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CudaRpc.sln")))
        {
            folder = folder.Parent;
        }

        Assert.True(folder is not null, "the tests do not run inside the repository");
        Assert.Equal(File.ReadAllText(Path.Combine(folder.FullName, "docs/coverage.md")), CoverageCommand.Page());
    }
}
