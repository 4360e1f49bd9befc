using CudaRpc.Transport;
using Xunit;

namespace CudaRpc.Tests.Transport;

public sealed class SpinBudgetTests
{
    [Fact]
    public void Next_SpinsInVain_SpinsLessUntilItTriesAllAgain()
    {
        var budget = new SpinBudget(isNear: true);
        long all = budget.Next();
        for (int failure = 0; failure < 16; failure++)
        {
            budget.Failed();
            Assert.InRange(budget.Next(), all / 32, failure < 15 ? all / 2 : all);
        }

        Assert.Equal(all, budget.Next());
    }

    [Fact]
    public void Succeeded_WhereAllWasTried_SpinsAllFromThenOn()
    {
        var budget = new SpinBudget(isNear: false);
        long all = budget.Next();
        for (int failure = 0; failure < 16; failure++)
        {
            budget.Failed();
        }

        budget.Succeeded();
        Assert.Equal(all, budget.Next());
    }

    [Fact]
    public void MoveAway_ThreadOfOurs_MayRunWhereItMight()
    {
        (string before, string after) = OnOwnThread(static () =>
        {
            PromptThread.Begin();
            string before = Allowed();
            PromptThread.MoveAway();
            return (before, Allowed());
        });
        Assert.Equal(before, after);
    }

    [Fact]
    public void MoveAway_ThreadOfOurs_Moves() => Assert.Equal(Environment.ProcessorCount > 1, OnOwnThread(static () =>
    {
        PromptThread.Begin();
        return PromptThread.MoveAway();
    }));

    [Fact]
    public void MoveAway_ThreadOfTheProgram_IsLeftAlone() => Assert.False(OnOwnThread(PromptThread.MoveAway));

    private static T OnOwnThread<T>(Func<T> action)
    {
        T result = default!;
        var thread = new Thread(() => result = action());
        thread.Start();
        thread.Join();
        return result;
    }

    private static string Allowed() => File.ReadLines("/proc/thread-self/status").Single(static line => line.StartsWith("Cpus_allowed:", StringComparison.Ordinal));
}
