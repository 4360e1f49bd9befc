namespace CudaRpc.Kernels;

/// <summary><c>reduce_sum.cu</c>.</summary>
public sealed class ReduceSum : KernelSample
{
    private const int Limit = 8;

    /// <inheritdoc/>
    public override string Name => "reduce_sum";

    /// <inheritdoc/>
    public override int DefaultSize => 1 << 20;

    /// <inheritdoc/>
    public override int TestSize => 10_001;

    /// <inheritdoc/>
    public override string ToleranceReason => "whole numbers whose sums stay below 2^24 add exactly, in any order";

    /// <inheritdoc/>
    public override string Describe(int size) => $"{size}";

    /// <inheritdoc/>
    public override KernelCase Prepare(int size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, (1 << 24) / Limit);
        const int Block = 256;
        float[] values = SampleInputs.Whole(7, size, Limit);
        return new KernelCase
        {
            Geometry = new KernelGeometry(KernelGeometry.Blocks(size, Block * 16), 1, Block, 1),
            Arguments =
            [
                KernelBuffer.Input(values),
                KernelBuffer.InOut([0f], () => [values.Sum()]),
                KernelScalar.Of(size),
            ],
        };
    }
}
