namespace CudaRpc.Simulator.Ptx;

/// <summary>How many CTAs of how many threads, and the dynamic shared memory of each.</summary>
/// <param name="GridX">CTAs in x.</param>
/// <param name="GridY">CTAs in y.</param>
/// <param name="GridZ">CTAs in z.</param>
/// <param name="BlockX">Threads of a CTA in x.</param>
/// <param name="BlockY">Threads of a CTA in y.</param>
/// <param name="BlockZ">Threads of a CTA in z.</param>
/// <param name="DynamicSharedBytes">Bytes behind the kernel's static shared memory.</param>
/// <param name="Cooperative">
/// All CTAs are to be resident together, so that they may wait for each other. Other launches also let waiting CTAs make room for
/// later ones, but only up to <see cref="KernelLauncher.ResidentBlocksPerWorker"/>.
/// </param>
/// <param name="Cluster">CTAs of a cluster in each direction, which divide the grid's; default for a launch without clusters.</param>
public readonly record struct LaunchShape(
    uint GridX,
    uint GridY,
    uint GridZ,
    uint BlockX,
    uint BlockY,
    uint BlockZ,
    uint DynamicSharedBytes = 0,
    bool Cooperative = false,
    Dim3 Cluster = default)
{
    /// <summary>CTAs of a cluster; 1 without clusters.</summary>
    public uint ClusterSize => Cluster == default ? 1 : Cluster.X * Cluster.Y * Cluster.Z;

    /// <summary>Extent of a cluster in CTAs; 1 in each direction without clusters.</summary>
    public Dim3 ClusterExtent => Cluster == default ? new Dim3(1, 1, 1) : Cluster;


    /// <summary>CTAs of the grid.</summary>
    public ulong Blocks => (ulong)GridX * GridY * GridZ;

    /// <summary>Threads of a CTA.</summary>
    public ulong ThreadsPerBlock => (ulong)BlockX * BlockY * BlockZ;
}
