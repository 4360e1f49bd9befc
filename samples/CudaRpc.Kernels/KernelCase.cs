namespace CudaRpc.Kernels;

/// <summary>One prepared run of a kernel. Holds the results of one run, so it serves one run at a time.</summary>
public sealed class KernelCase
{
    /// <summary>Blocks and threads.</summary>
    public required KernelGeometry Geometry { get; init; }

    /// <summary>The kernel's arguments, in order.</summary>
    public required IReadOnlyList<KernelArgument> Arguments { get; init; }

    /// <summary>Contents of the module's global variables that the kernel reads, by name.</summary>
    public IReadOnlyDictionary<string, byte[]> Globals { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>The largest error that still verifies; 0 where every correct device gives the same bits.</summary>
    public double Tolerance { get; init; }

    /// <summary>The arguments that are buffers.</summary>
    public IEnumerable<KernelBuffer> Buffers => Arguments.OfType<KernelBuffer>();

    /// <summary>Bytes that go to the device and come back: inputs, globals and outputs.</summary>
    public long BytesMoved =>
        Globals.Values.Sum(bytes => (long)bytes.Length)
        + Buffers.Sum(buffer => (long)buffer.ByteCount * ((buffer.IsInput ? 1 : 0) + (buffer.IsOutput ? 1 : 0)));

    /// <summary>
    /// Compares the results with the CPU reference: the largest |actual - expected| / max(1, |expected|) of any output
    /// element, infinity if one is not a number.
    /// </summary>
    public double MaxError() => Buffers.Where(buffer => buffer.IsOutput).Max(buffer => buffer.MaxError());
}
