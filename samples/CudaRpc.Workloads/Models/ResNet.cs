namespace CudaRpc.Workloads.Models;

/// <summary>Residual networks for 224 x 224 images: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition" (2015), table 1.</summary>
internal static class ResNet
{
    private const int Classes = 1000, Pixels = 224;

    /// <summary>ResNet-18: two blocks of two 3 x 3 convolutions in each stage.</summary>
    public static ModelShape Of18(int batch) => Build(batch, [2, 2, 2, 2], bottleneck: false);

    /// <summary>ResNet-50: blocks of 1 x 1, 3 x 3 and 1 x 1 convolutions.</summary>
    public static ModelShape Of50(int batch) => Build(batch, [3, 4, 6, 3], bottleneck: true);

    private static ModelShape Build(int batch, int[] blocks, bool bottleneck)
    {
        var shape = new ModelShape { InputBytes = 4L * batch * 3 * Pixels * Pixels, OutputBytes = 4L * batch * Classes };
        int size = Convolution(shape, batch, 3, 64, Pixels, 7, 2, relu: true);
        size /= 2;
        shape.Elementwise("max_pool", batch * 64.0 * size * size, operands: 2);
        int channels = 64;
        for (int stage = 0; stage < blocks.Length; stage++)
        {
            int width = 64 << stage;
            int filters = bottleneck ? 4 * width : width;
            for (int block = 0; block < blocks[stage]; block++)
            {
                int stride = stage > 0 && block == 0 ? 2 : 1;
                int before = size;
                size = bottleneck ? Bottleneck(shape, batch, channels, width, size, stride) : Basic(shape, batch, channels, width, size, stride);
                if (channels != filters)
                {
                    Convolution(shape, batch, channels, filters, before, 1, stride, relu: false);
                }

                double elements = (double)batch * filters * size * size;
                shape.Elementwise("add", elements, operands: 2);
                shape.Elementwise("relu", elements);
                channels = filters;
            }
        }

        shape.Elementwise("average_pool", (double)batch * channels * size * size);
        shape.Linear("linear", batch, Classes, channels);
        return shape;
    }

    private static int Basic(ModelShape shape, int batch, int channels, int width, int size, int stride)
    {
        size = Convolution(shape, batch, channels, width, size, 3, stride, relu: true);
        return Convolution(shape, batch, width, width, size, 3, 1, relu: false);
    }

    private static int Bottleneck(ModelShape shape, int batch, int channels, int width, int size, int stride)
    {
        size = Convolution(shape, batch, channels, width, size, 1, stride, relu: true);
        size = Convolution(shape, batch, width, width, size, 3, 1, relu: true);
        return Convolution(shape, batch, width, 4 * width, size, 1, 1, relu: false);
    }

    // Each with its normalisation.
    private static int Convolution(ModelShape shape, int batch, int channels, int filters, int size, int kernel, int stride, bool relu)
    {
        int result = shape.Convolution(batch, channels, filters, size, kernel, stride);
        double elements = (double)batch * filters * result * result;
        shape.Normalise("batch_norm", elements, filters);
        if (relu)
        {
            shape.Elementwise("relu", elements);
        }

        return result;
    }
}
