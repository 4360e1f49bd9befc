using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Objects;

/// <summary>What launch attributes say that matters here.</summary>
/// <param name="Cooperative">All blocks are resident together.</param>
/// <param name="Cluster">Blocks of a cluster in each direction; default if none are given.</param>
/// <param name="Events">Events to record with the launch.</param>
internal readonly record struct LaunchOptions(bool Cooperative, Dim3 Cluster, CUevent[] Events);
