namespace CudaRpc.Kernels;

/// <summary><c>mandelbrot.cu</c>.</summary>
public sealed class Mandelbrot : KernelSample
{
    private const double Left = -2.0;
    private const double Top = -0.9;
    private const int Limit = 256;

    /// <inheritdoc/>
    public override string Name => "mandelbrot";

    /// <inheritdoc/>
    public override int DefaultSize => 256;

    /// <inheritdoc/>
    public override int TestSize => 51;

    /// <inheritdoc/>
    public override string ToleranceReason => "counts of steps whose every rounding the kernel spells out";

    /// <inheritdoc/>
    public override string Describe(int size) => $"{size}x{Height(size)}";

    /// <inheritdoc/>
    public override KernelCase Prepare(int size)
    {
        int height = Height(size);
        double step = 2.5 / size;
        return new KernelCase
        {
            Geometry = KernelGeometry.Cover(size, height, 16, 16),
            Arguments =
            [
                KernelBuffer.Output(size * height, () => Reference(size, height, step)),
                KernelScalar.Of(size),
                KernelScalar.Of(height),
                KernelScalar.Of(Left),
                KernelScalar.Of(Top),
                KernelScalar.Of(step),
                KernelScalar.Of(Limit),
            ],
        };
    }

    private static int Height(int size) => size * 3 / 4;

    private static uint[] Reference(int width, int height, double step)
    {
        uint[] iterations = new uint[width * height];
        for (int i = 0; i < iterations.Length; i++)
        {
            iterations[i] = Count(Left + i % width * step, Top + i / width * step);
        }

        return iterations;
    }

    private static uint Count(double cRe, double cIm)
    {
        double re = 0;
        double im = 0;
        uint count = 0;
        while (count < Limit)
        {
            double re2 = re * re;
            double im2 = im * im;
            if (re2 + im2 > 4)
            {
                break;
            }

            im = 2 * re * im + cIm;
            re = re2 - im2 + cRe;
            count++;
        }

        return count;
    }
}
