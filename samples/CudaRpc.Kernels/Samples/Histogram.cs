namespace CudaRpc.Kernels;

/// <summary><c>histogram.cu</c>.</summary>
public sealed class Histogram : KernelSample
{
    private const int Bins = 256;

    /// <inheritdoc/>
    public override string Name => "histogram";

    /// <inheritdoc/>
    public override int DefaultSize => 1 << 20;

    /// <inheritdoc/>
    public override int TestSize => 10_001;

    /// <inheritdoc/>
    public override string ToleranceReason => "integers";

    /// <inheritdoc/>
    public override string Describe(int size) => $"{size}";

    /// <inheritdoc/>
    public override KernelCase Prepare(int size)
    {
        const int Block = 256;
        byte[] values = SampleInputs.Bytes(8, size);
        return new KernelCase
        {
            Geometry = new KernelGeometry(KernelGeometry.Blocks(size, Block * 16), 1, Block, 1),
            Arguments =
            [
                KernelBuffer.Input(values),
                KernelBuffer.InOut(new uint[Bins], () => Reference(values)),
                KernelScalar.Of(size),
            ],
        };
    }

    private static uint[] Reference(byte[] values)
    {
        uint[] bins = new uint[Bins];
        foreach (byte value in values)
        {
            bins[value]++;
        }

        return bins;
    }
}
