namespace CudaRpc.Workloads.Models;

/// <summary>What a framework without compiler calls when it runs or trains a model: docs/workloads.md tells where each part is from.</summary>
internal static class ModelLoops
{
    // Tensors that one launch of an optimiser goes over, and passes of 32 bits over them: Adam reads four and writes three values for each weight.
    private const int TensorsPerLaunch = 32;
    private const double OptimiserBytes = 7 * 4;

    /// <summary>Names of the models.</summary>
    public static IReadOnlyList<string> All { get; } = ["resnet18", "resnet50", "bert", "gpt2"];

    /// <summary>An input to the device, the forward pass, the result back.</summary>
    public static Workload Inference(string model, WorkloadOptions options)
    {
        int batch = Or(options.Batch, 1);
        ModelShape shape = model switch
        {
            "resnet18" => ResNet.Of18(batch),
            "resnet50" => ResNet.Of50(batch),
            "bert" => Transformer.Bert(batch, Or(options.Sequence, 128), dropout: false),
            _ => Transformer.Gpt2Token(batch, Or(options.Sequence, 256)),
        };
        Op[] input = shape.InputBytes > 0 ? [Op.CopyIn(shape.InputBytes)] : [];
        return new Workload($"{model}-inference", Describe(shape, "the forward pass", batch),
        [
            .. input,
            .. shape.Layers.SelectMany(layer => Launch(layer, options)),
            Op.CopyOut(shape.OutputBytes, pinned: false),
            Op.Synchronize(),
        ])
        { ModuleBytes = 1 << 20 };
    }

    /// <summary>A batch to the device, forward and backward pass, the optimiser, the loss read back.</summary>
    public static Workload Training(string model, WorkloadOptions options)
    {
        int batch = Or(options.Batch, model is "resnet18" or "resnet50" ? 32 : 8);
        ModelShape shape = model switch
        {
            "resnet18" => ResNet.Of18(batch),
            "resnet50" => ResNet.Of50(batch),
            "bert" => Transformer.Bert(batch, Or(options.Sequence, 128), dropout: true),
            _ => Transformer.Gpt2(batch, Or(options.Sequence, 512), dropout: true),
        };
        // The next batch goes on a stream of its own, once all that this one needs has been launched.
        Op[] before = options.Prefetch ? [Op.Wait(0, 0)] : [Op.CopyIn(shape.InputBytes)];
        Op[] after = options.Prefetch ? [Op.CopyIn(shape.InputBytes, stream: 1), Op.Record(0, 1)] : [];
        return new Workload($"{model}-training", Describe(shape, "forward and backward pass and optimiser", batch),
        [
            .. before,
            .. shape.Layers.SelectMany(layer => Launch(layer, options)),
            .. Loss().SelectMany(layer => Launch(layer, options)),
            .. shape.Layers.Reverse().SelectMany(Backward).SelectMany(layer => Launch(layer, options)),
            .. Optimise(shape).SelectMany(layer => Launch(layer, options)),
            .. after,
            Op.CopyOut(4, pinned: false),
            Op.Synchronize(),
        ])
        { ModuleBytes = 1 << 20, Steps = 20 };
    }

    private static int Or(int asked, int usual) => asked > 0 ? asked : usual;

    private static string Describe(ModelShape shape, string what, int batch) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{what}, batch {batch}, {shape.Weights / 1e6:0.0} million weights.");

    private static IEnumerable<Op> Launch(Layer layer, WorkloadOptions options) =>
        [Op.Ask(), Op.Think(options.Think), Op.Launch(layer.Kernel, options.Device.Time(layer.Flops, layer.Bytes), layer.Parameters)];

    private static IEnumerable<Layer> Loss() =>
        [new("log_softmax", 0, 0, 6), new("nll_loss", 0, 0, 8), new("nll_loss_backward", 0, 0, 8), new("log_softmax_backward", 0, 0, 6)];

    // A product has two gradients, each as large as itself; what goes through memory is gone through once more with its gradient.
    private static IEnumerable<Layer> Backward(Layer layer) => layer.Flops > 0
        ? [layer with { Kernel = layer.Kernel + "_data" }, layer with { Kernel = layer.Kernel + "_weights" }]
        : [layer with { Kernel = layer.Kernel + "_backward", Bytes = 1.5 * layer.Bytes }];

    private static IEnumerable<Layer> Optimise(ModelShape shape)
    {
        int launches = (shape.Tensors + TensorsPerLaunch - 1) / TensorsPerLaunch;
        return Enumerable.Repeat(new Layer("optimise", 0, shape.Weights * OptimiserBytes / launches, 40), launches);
    }
}
