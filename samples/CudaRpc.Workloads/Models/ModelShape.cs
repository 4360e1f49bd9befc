namespace CudaRpc.Workloads.Models;

/// <summary>
/// A model by its layers, in the order in which a framework without compiler launches them: one kernel for each operation of the paper,
/// activations and weights of 16 bits.
/// </summary>
internal sealed class ModelShape
{
    private const double Element = 2;
    private readonly List<Layer> _layers = [];

    /// <summary>Kernels of the forward pass.</summary>
    public IReadOnlyList<Layer> Layers => _layers;

    /// <summary>Learned parameters.</summary>
    public long Weights { get; private set; }

    /// <summary>Tensors that they are in.</summary>
    public int Tensors { get; private set; }

    /// <summary>Bytes of a step's input.</summary>
    public required long InputBytes { get; init; }

    /// <summary>Bytes that inference reads back.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>A product of an m by k matrix with learned k by n ones.</summary>
    public void Linear(string kernel, double m, double n, double k, bool bias = true, bool shared = false)
    {
        Product(kernel, 1, m, n, k, 12);
        if (!shared)
        {
            Learn((long)(n * k), bias ? (long)n : 0);
        }
    }

    /// <summary>A batch of products, of nothing learned.</summary>
    public void Product(string kernel, double batch, double m, double n, double k, int parameters = 14) =>
        _layers.Add(new Layer(kernel, 2 * batch * m * n * k, Element * batch * ((m * k) + (k * n) + (m * n)), parameters));

    /// <summary>A convolution of square images with square filters.</summary>
    /// <returns>The height and width of its result.</returns>
    public int Convolution(int batch, int channels, int filters, int size, int kernel, int stride)
    {
        int result = (size + stride - 1) / stride;
        double weights = (double)channels * filters * kernel * kernel;
        double pixels = (double)batch * result * result;
        double bytes = Element * (((double)batch * channels * size * size) + (pixels * filters) + weights);
        _layers.Add(new Layer("convolution", 2 * pixels * weights, bytes, 16));
        Learn((long)weights);
        return result;
    }

    /// <summary>An operation that goes over its operands once.</summary>
    /// <param name="kernel">Its name.</param>
    /// <param name="elements">Elements of each operand and of the result.</param>
    /// <param name="operands">How many operands.</param>
    public void Elementwise(string kernel, double elements, int operands = 1) =>
        _layers.Add(new Layer(kernel, 0, Element * elements * (operands + 1), 4 + operands));

    /// <summary>A normalisation with a learned factor and offset for each channel.</summary>
    public void Normalise(string kernel, double elements, int channels)
    {
        Elementwise(kernel, elements, operands: 2);
        Learn(channels, channels);
    }

    /// <summary>Rows taken from a learned table.</summary>
    public void Embed(double rows, int width, int entries)
    {
        Elementwise("embedding", rows * width);
        Learn((long)entries * width);
    }

    private void Learn(params ReadOnlySpan<long> sizes)
    {
        foreach (long size in sizes)
        {
            Weights += size;
            Tensors += size > 0 ? 1 : 0;
        }
    }
}
