namespace CudaRpc.Kernels;

/// <summary>All kernels of <c>samples/kernels</c>.</summary>
public static class KernelSamples
{
    /// <summary>Every sample, simplest first.</summary>
    public static IReadOnlyList<KernelSample> All { get; } =
    [
        new VectorAdd(),
        new Saxpy(),
        MatMul.Naive,
        MatMul.Tiled,
        new ReduceSum(),
        new Histogram(),
        new Transpose(),
        new Conv2D(),
        new Mandelbrot(),
        new NBodyStep(),
    ];
}
