namespace CudaRpc.Kernels;

/// <summary>
/// One kernel of <c>samples/kernels</c>: its PTX, and for any size the inputs, launch geometry and expected results.
/// Everything here is computed on the CPU.
/// </summary>
public abstract class KernelSample
{
    /// <summary>The kernel's name, which is also its entry point and the name of its files.</summary>
    public abstract string Name { get; }

    /// <summary>The size of the demo: quick on a GPU and still a matter of seconds on the simulated one.</summary>
    public abstract int DefaultSize { get; }

    /// <summary>A small size that no block or tile divides, so that the edges are exercised too.</summary>
    public abstract int TestSize { get; }

    /// <summary>Why the tolerance of <see cref="Prepare"/> is what it is.</summary>
    public abstract string ToleranceReason { get; }

    /// <summary>What a size means for this kernel, such as <c>1024x768</c>.</summary>
    public abstract string Describe(int size);

    /// <summary>Inputs, arguments and expected results for one size. The same size always gives the same values.</summary>
    public abstract KernelCase Prepare(int size);

    /// <summary>The PTX that NVIDIA's compiler made of the kernel.</summary>
    public string ReadPtx()
    {
        using Stream stream = typeof(KernelSample).Assembly.GetManifestResourceStream($"{Name}.ptx")
            ?? throw new InvalidOperationException($"The PTX of {Name} is not embedded in this assembly.");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
