namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>The ring's protocol in every interleaving, and that each of its precautions is needed.</summary>
public sealed class RingProtocolTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 5)]
    [InlineData(4, 7)]
    public void Protocol_InEveryOrder_DeliversAllAndNobodyIsLeftAsleep(int capacity, int items)
    {
        var model = new RingModel(capacity, items, Mutation.None);

        Assert.Null(model.Explore());
        output.WriteLine($"{model.States} states");
    }

    [Theory]
    [InlineData(Mutation.PublishWithoutFence)]
    [InlineData(Mutation.ReleaseWithoutFence)]
    [InlineData(Mutation.AnnounceWithoutFence)]
    [InlineData(Mutation.NoSecondLook)]
    public void ProtocolWithoutAPrecaution_InSomeOrder_LeavesSomebodyAsleep(Mutation mutation)
    {
        string? violation = new RingModel(2, 5, mutation).Explore();

        Assert.StartsWith("nobody can go on", violation, StringComparison.Ordinal);
        output.WriteLine(violation!);
    }

    [Fact]
    public void ProtocolWithoutTheLastLook_InSomeOrder_LosesTheEnd() =>
        Assert.StartsWith("the consumer ends too early", new RingModel(2, 5, Mutation.NoLastLook).Explore(), StringComparison.Ordinal);
}
