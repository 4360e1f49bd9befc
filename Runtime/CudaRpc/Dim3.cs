namespace CudaRpc;

/// <summary>Extent of a grid (in blocks) or of a block (in threads). A single <c>int</c> and tuples convert to it.</summary>
/// <param name="X">Extent in x, at least 1.</param>
/// <param name="Y">Extent in y, at least 1.</param>
/// <param name="Z">Extent in z, at least 1.</param>
public readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    /// <summary>One dimension: (<paramref name="x"/>, 1, 1).</summary>
    public static implicit operator Dim3(int x) => new(x);

    /// <summary>Two dimensions: (x, y, 1).</summary>
    public static implicit operator Dim3((int X, int Y) extent) => new(extent.X, extent.Y);

    /// <summary>Three dimensions.</summary>
    public static implicit operator Dim3((int X, int Y, int Z) extent) => new(extent.X, extent.Y, extent.Z);
}
