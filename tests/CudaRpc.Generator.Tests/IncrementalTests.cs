using Microsoft.CodeAnalysis;

namespace CudaRpc.Generator.Tests;

/// <summary>A step runs again only where its own input changed.</summary>
public sealed class IncrementalTests
{
    private static readonly string[] s_roles = GeneratorRun.AllRoles.Split(',');

    [Fact]
    public void Source_Changed_RunsNothingAgain()
    {
        GeneratorRun run = SmallHeader.Run();

        run.AddSource("class Unrelated { }").Run();

        Assert.All([Steps.Header, Steps.Rules, Steps.Bound, Steps.Contract, .. s_roles], step => AssertReused(run, step));
    }

    [Fact]
    public void RulesComment_Changed_ReadsTheRulesAgainAndEmitsNothing()
    {
        GeneratorRun run = SmallHeader.Run();

        run.Change(GeneratorRun.RulesPath, SmallHeader.Rules + "# a comment at the end\n").Run();

        AssertReused(run, Steps.Header);
        Assert.Equal([IncrementalStepRunReason.Unchanged], run.Reasons(Steps.Rules));
        Assert.All([Steps.Bound, Steps.Contract, .. s_roles], step => AssertReused(run, step));
    }

    [Fact]
    public void Rule_Changed_EmitsWhatDependsOnTheRulesOnly()
    {
        GeneratorRun run = SmallHeader.Run();

        run.Change(GeneratorRun.RulesPath, SmallHeader.Rules + "cuCtxSetLimit async\n").Run();

        Assert.All([Steps.Header, "types", "native", "exports"], step => AssertReused(run, step));
        Assert.Equal([IncrementalStepRunReason.Modified], run.Reasons("remote"));
        Assert.Equal([IncrementalStepRunReason.Modified], run.Reasons("dispatcher"));

        // The contract sees of the rules only which functions are others by another name.
        Assert.Equal([IncrementalStepRunReason.Unchanged], run.Reasons(Steps.Contract));
        AssertReused(run, "contract");
    }

    [Fact]
    public void HeaderComment_ChangedAtItsEnd_ReadsTheHeaderAgainAndEmitsNothing()
    {
        GeneratorRun run = SmallHeader.Run();

        run.Change(GeneratorRun.HeaderPath, SmallHeader.Header + "/* a comment at the end */\n").Run();

        Assert.Equal([IncrementalStepRunReason.Unchanged], run.Reasons(Steps.Header));
        Assert.All([Steps.Rules, Steps.Bound, Steps.Contract, .. s_roles], step => AssertReused(run, step));
    }

    [Fact]
    public void Function_Added_EmitsEverythingAgainButTypes()
    {
        GeneratorRun run = SmallHeader.Run();

        run.Change(GeneratorRun.HeaderPath, SmallHeader.Header + "CUresult cuAdded(int x);\n").Run();

        Assert.All(
            [Steps.Header, .. s_roles.Except(["types"])], step => Assert.Equal([IncrementalStepRunReason.Modified], run.Reasons(step)));
        Assert.Equal([IncrementalStepRunReason.Unchanged], run.Reasons("types"));
        Assert.Contains("cuAdded", run.Files["CallId.g.cs"]);
    }

    [Fact]
    public void Role_NotAskedFor_EmitsNothing()
    {
        GeneratorRun run = SmallHeader.Run("types");

        Assert.Equal(["Constants.g.cs", "Enums.g.cs", "Handles.g.cs", "Records.g.cs"], run.Files.Keys.Order(StringComparer.Ordinal));
    }

    private static void AssertReused(GeneratorRun run, string step) => Assert.All(
        run.Reasons(step).DefaultIfEmpty(IncrementalStepRunReason.New),
        reason => Assert.Contains(reason, new[] { IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged }));
}
