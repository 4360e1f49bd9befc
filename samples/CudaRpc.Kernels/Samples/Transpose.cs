namespace CudaRpc.Kernels;

/// <summary><c>transpose.cu</c>.</summary>
public sealed class Transpose : KernelSample
{
    private const int Tile = 32;
    private const int Rows = 8;

    /// <inheritdoc/>
    public override string Name => "transpose";

    /// <inheritdoc/>
    public override int DefaultSize => 1024;

    /// <inheritdoc/>
    public override int TestSize => 75;

    /// <inheritdoc/>
    public override string ToleranceReason => "copies";

    /// <inheritdoc/>
    public override string Describe(int size) => $"{size}x{Height(size)}";

    /// <inheritdoc/>
    public override KernelCase Prepare(int size)
    {
        int height = Height(size);
        float[] input = SampleInputs.Signed(9, size * height);
        return new KernelCase
        {
            // Each thread moves Tile / Rows elements.
            Geometry = KernelGeometry.Cover(size, height, Tile, Tile) with { BlockY = Rows },
            Arguments =
            [
                KernelBuffer.Input(input),
                KernelBuffer.Output(size * height, () => Reference(input, size, height)),
                KernelScalar.Of(size),
                KernelScalar.Of(height),
            ],
        };
    }

    private static int Height(int size) => size * 3 / 4;

    private static float[] Reference(float[] input, int width, int height)
    {
        float[] output = new float[input.Length];
        for (int i = 0; i < input.Length; i++)
        {
            output[i % width * height + i / width] = input[i];
        }

        return output;
    }
}
