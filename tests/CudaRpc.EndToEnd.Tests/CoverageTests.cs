using CudaRpc.Server;
using CudaRpc.Server.Commands;

namespace CudaRpc.EndToEnd.Tests;

public sealed class CoverageTests
{
    private static string Root
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CudaRpc.sln")))
            {
                folder = folder.Parent;
            }

            return folder?.FullName ?? throw new InvalidOperationException("the tests do not run inside the repository");
        }
    }

    [Fact]
    public void CoveragePage_OfTheRules_IsTheOneInDocs()
    {
        Assert.Equal(
            File.ReadAllText(Path.Combine(Root, "docs/coverage.md")),
            CoverageCommand.Page(TestedBy.Read(Path.Combine(Root, "tests"))));
    }

    [Fact]
    public void Function_ThatIsRemoted_IsNamedByATest()
    {
        var tests = TestedBy.Read(Path.Combine(Root, "tests"));

        Assert.Empty(Coverage.Rows
            .Where(row => row.Travels is not ("unsupported" or "forwarded") && tests.Of(row.Function).Count == 0)
            .Select(row => row.Function));
    }
}
