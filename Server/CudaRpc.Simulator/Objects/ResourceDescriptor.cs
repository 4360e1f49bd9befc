namespace CudaRpc.Simulator.Objects;

/// <summary>A CUdevResourceDesc: the resources that a green context is made with.</summary>
internal sealed class ResourceDescriptor(SmPartition partition)
{
    public SmPartition Partition { get; } = partition;
}
