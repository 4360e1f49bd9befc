using CudaRpc.Workloads;
using CudaRpc.Workloads.Models;

namespace CudaRpc.EndToEnd.Tests.Workloads;

public sealed class ModelShapeTests
{
    [Fact]
    public void ResNets_HaveThePapersOperations()
    {
        // Table 1 counts multiply-adds.
        Assert.InRange(MultiplyAdds(ResNet.Of18(1)), 1.75e9, 1.85e9);
        Assert.InRange(MultiplyAdds(ResNet.Of50(1)), 3.75e9, 3.95e9);
    }

    [Fact]
    public void Models_HaveThePublishedWeights()
    {
        Assert.InRange(ResNet.Of18(1).Weights / 1e6, 11.6, 11.8);
        Assert.InRange(ResNet.Of50(1).Weights / 1e6, 25.5, 25.7);
        Assert.InRange(Transformer.Bert(1, 128, dropout: false).Weights / 1e6, 109, 111);
        Assert.InRange(Transformer.Gpt2(1, 128, dropout: false).Weights / 1e6, 124, 125);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public void Batch_MultipliesWhatIsCopiedAndComputed(int batch)
    {
        Assert.Equal(batch * MultiplyAdds(ResNet.Of50(1)), MultiplyAdds(ResNet.Of50(batch)));
        Assert.Equal(4L * batch * 3 * 224 * 224, WorkloadCatalog.Find("resnet50-inference", new WorkloadOptions { Batch = batch })!.BytesIn);
    }

    [Fact]
    public void Training_LaunchesForwardBackwardAndOptimiser()
    {
        ModelShape shape = ResNet.Of18(32);
        int products = shape.Layers.Count(static layer => layer.Flops > 0);
        int expected = shape.Layers.Count + 4 + products + shape.Layers.Count + ((shape.Tensors + 31) / 32);

        Assert.Equal(expected, WorkloadCatalog.Find("resnet18-training")!.Step.Count(static op => op.Kind is OpKind.Launch));
    }

    [Fact]
    public void Time_IsTheLongerOfComputingAndMoving()
    {
        var device = new RooflineDevice("round", MatrixTeraflops: 1, MemoryGigabytes: 1);

        Assert.Equal(1_000_000, device.Time(flops: 400e6, bytes: 0), 1.0);
        Assert.Equal(1_000_000, device.Time(flops: 0, bytes: 700e3), 1.0);
        Assert.Equal(2000, device.Time(0, 0));
    }

    private static double MultiplyAdds(ModelShape shape) => shape.Layers.Sum(static layer => layer.Flops) / 2;
}
