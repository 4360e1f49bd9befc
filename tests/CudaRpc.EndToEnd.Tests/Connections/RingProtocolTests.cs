namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>The ring's protocol in every interleaving, and that each of its precautions is needed.</summary>
public sealed class RingProtocolTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 1, 4)]
    [InlineData(2, 1, 5)]
    [InlineData(4, 1, 7)]
    [InlineData(4, 2, 9)]
    public void Protocol_InEveryOrder_DeliversAllAndNobodyIsLeftAsleep(int capacity, int held, int items)
    {
        var model = new RingModel(capacity, held, items, Mutation.None);

        Assert.Null(model.Explore());
        output.WriteLine($"{model.States} states");
    }

    [Theory]
    [InlineData(Mutation.PublishWithoutFence)]
    [InlineData(Mutation.ReleaseWithoutFence)]
    [InlineData(Mutation.AnnounceWithoutFence)]
    [InlineData(Mutation.NoSecondLook)]
    [InlineData(Mutation.NoRouseBeforeTheAnswer)]
    [InlineData(Mutation.NoRouseBeforeRoom)]
    [InlineData(Mutation.RouseWithoutFence)]
    public void ProtocolWithoutAPrecaution_InSomeOrder_LeavesSomebodyAsleep(Mutation mutation)
    {
        string? violation = new RingModel(2, 1, 5, mutation).Explore();

        Assert.StartsWith("nobody can go on", violation, StringComparison.Ordinal);
        output.WriteLine(violation!);
    }

    [Fact]
    public void ProtocolThatHoldsTooMuch_LeavesTheProducerAsleep() =>
        Assert.StartsWith("nobody can go on", new RingModel(4, 5, 7, Mutation.None).Explore(), StringComparison.Ordinal);

    [Fact]
    public void ProtocolThatWritesOverAnInlineItem_InSomeOrder_DeliversAnother() =>
        Assert.StartsWith(
            "the consumer takes what is not there", new RingModel(4, 1, 7, Mutation.InlineNotTakenBack).Explore(), StringComparison.Ordinal);

    [Fact]
    public void ProtocolWithoutTheLastLook_InSomeOrder_LosesTheEnd() =>
        Assert.StartsWith("the consumer ends too early", new RingModel(2, 1, 5, Mutation.NoLastLook).Explore(), StringComparison.Ordinal);
}
