namespace CudaRpc.Kernels;

/// <summary><c>saxpy.cu</c>.</summary>
public sealed class Saxpy : KernelSample
{
    /// <inheritdoc/>
    public override string Name => "saxpy";

    /// <inheritdoc/>
    public override int DefaultSize => 1 << 20;

    /// <inheritdoc/>
    public override int TestSize => 1000;

    /// <inheritdoc/>
    public override string ToleranceReason => "one IEEE fused multiply-add per element";

    /// <inheritdoc/>
    public override string Describe(int size) => $"{size}";

    /// <inheritdoc/>
    public override KernelCase Prepare(int size)
    {
        const float Factor = 2.5f;
        const int Block = 256;
        float[] x = SampleInputs.Signed(3, size);
        float[] y = SampleInputs.Signed(4, size);

        // Fewer threads than elements, so that the kernel's loop runs.
        int blocks = KernelGeometry.Blocks(size, Block * 4);
        return new KernelCase
        {
            Geometry = new KernelGeometry(blocks, 1, Block, 1),
            Arguments =
            [
                KernelScalar.Of(size),
                KernelScalar.Of(Factor),
                KernelBuffer.Input(x),
                KernelBuffer.InOut(y, () => Reference(Factor, x, y)),
            ],
        };
    }

    private static float[] Reference(float a, float[] x, float[] y) =>
        [.. x.Zip(y, (left, right) => MathF.FusedMultiplyAdd(a, left, right))];
}
