using System.Runtime.InteropServices;

namespace CudaRpc.Kernels;

/// <summary><c>conv2d.cu</c>.</summary>
public sealed class Conv2D : KernelSample
{
    private const int Radius = 2;
    private const int Side = 2 * Radius + 1;

    /// <inheritdoc/>
    public override string Name => "conv2d";

    /// <inheritdoc/>
    public override int DefaultSize => 512;

    /// <inheritdoc/>
    public override int TestSize => 51;

    /// <inheritdoc/>
    public override string ToleranceReason => "IEEE fused multiply-adds in a fixed order";

    /// <inheritdoc/>
    public override string Describe(int size) => $"{size}x{Height(size)}";

    /// <inheritdoc/>
    public override KernelCase Prepare(int size)
    {
        int height = Height(size);
        float[] input = SampleInputs.Signed(10, size * height);
        float[] filter = SampleInputs.Signed(11, Side * Side);
        return new KernelCase
        {
            Geometry = KernelGeometry.Cover(size, height, 16, 16),
            Arguments =
            [
                KernelBuffer.Input(input),
                KernelBuffer.Output(size * height, () => Reference(input, filter, size, height)),
                KernelScalar.Of(size),
                KernelScalar.Of(height),
            ],
            Globals = new Dictionary<string, byte[]> { ["conv2d_filter"] = MemoryMarshal.AsBytes<float>(filter).ToArray() },
        };
    }

    private static int Height(int size) => size * 3 / 4;

    private static float[] Reference(float[] input, float[] filter, int width, int height)
    {
        float[] output = new float[input.Length];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                float sum = 0;
                for (int j = 0; j < Side; j++)
                {
                    int row = Math.Clamp(y + j - Radius, 0, height - 1);
                    for (int i = 0; i < Side; i++)
                    {
                        int column = Math.Clamp(x + i - Radius, 0, width - 1);
                        sum = MathF.FusedMultiplyAdd(filter[j * Side + i], input[row * width + column], sum);
                    }
                }

                output[y * width + x] = sum;
            }
        }

        return output;
    }
}
