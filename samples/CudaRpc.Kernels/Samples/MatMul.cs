namespace CudaRpc.Kernels;

/// <summary><c>matmul_naive.cu</c> and <c>matmul_tiled.cu</c>: the same product, computed in the same order.</summary>
public sealed class MatMul : KernelSample
{
    private const int Tile = 16;

    private MatMul(string name) => Name = name;

    /// <summary>Everything read from global memory.</summary>
    public static MatMul Naive { get; } = new("matmul_naive");

    /// <summary>Tiles in shared memory.</summary>
    public static MatMul Tiled { get; } = new("matmul_tiled");

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int DefaultSize => 256;

    /// <inheritdoc/>
    public override int TestSize => 39;

    /// <inheritdoc/>
    public override string ToleranceReason => "IEEE fused multiply-adds in a fixed order";

    /// <inheritdoc/>
    public override string Describe(int size)
    {
        (int m, int n, int k) = Shape(size);
        return $"{m}x{n}x{k}";
    }

    /// <inheritdoc/>
    public override KernelCase Prepare(int size)
    {
        (int m, int n, int k) = Shape(size);
        float[] a = SampleInputs.Signed(5, m * k);
        float[] b = SampleInputs.Signed(6, k * n);
        return new KernelCase
        {
            Geometry = KernelGeometry.Cover(n, m, Tile, Tile),
            Arguments =
            [
                KernelBuffer.Input(a),
                KernelBuffer.Input(b),
                KernelBuffer.Output(m * n, () => Reference(a, b, m, n, k)),
                KernelScalar.Of(m),
                KernelScalar.Of(n),
                KernelScalar.Of(k),
            ],
        };
    }

    // Three different lengths, so that no confusion of rows and columns goes unnoticed.
    private static (int M, int N, int K) Shape(int size) => (size, size * 3 / 4, size / 2);

    private static float[] Reference(float[] a, float[] b, int m, int n, int k)
    {
        float[] c = new float[m * n];
        for (int row = 0; row < m; row++)
        {
            for (int column = 0; column < n; column++)
            {
                float sum = 0;
                for (int i = 0; i < k; i++)
                {
                    sum = MathF.FusedMultiplyAdd(a[row * k + i], b[i * n + column], sum);
                }

                c[row * n + column] = sum;
            }
        }

        return c;
    }
}
