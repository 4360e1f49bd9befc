namespace CudaRpc.Simulator.Objects;

/// <summary>Something with a handle that lives in a context and dies with it.</summary>
internal abstract class ContextObject(DriverContext context)
{
    public DriverContext Context { get; } = context;
}
