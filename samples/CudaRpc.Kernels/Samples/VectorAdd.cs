namespace CudaRpc.Kernels;

/// <summary><c>vector_add.cu</c>.</summary>
public sealed class VectorAdd : KernelSample
{
    /// <inheritdoc/>
    public override string Name => "vector_add";

    /// <inheritdoc/>
    public override int DefaultSize => 1 << 20;

    /// <inheritdoc/>
    public override int TestSize => 1000;

    /// <inheritdoc/>
    public override string ToleranceReason => "one IEEE addition per element";

    /// <inheritdoc/>
    public override string Describe(int size) => $"{size}";

    /// <inheritdoc/>
    public override KernelCase Prepare(int size)
    {
        float[] a = SampleInputs.Signed(1, size);
        float[] b = SampleInputs.Signed(2, size);
        return new KernelCase
        {
            Geometry = KernelGeometry.Cover(size, 256),
            Arguments =
            [
                KernelBuffer.Input(a),
                KernelBuffer.Input(b),
                KernelBuffer.Output(size, () => Reference(a, b)),
                KernelScalar.Of(size),
            ],
        };
    }

    private static float[] Reference(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
