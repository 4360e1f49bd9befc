namespace CudaRpc.Simulator.Ptx;

/// <summary>A three-dimensional index or extent.</summary>
public readonly record struct Dim3(uint X, uint Y, uint Z)
{
    /// <inheritdoc/>
    public override string ToString() => $"({X},{Y},{Z})";
}
