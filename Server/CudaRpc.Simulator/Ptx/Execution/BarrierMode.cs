namespace CudaRpc.Simulator.Ptx.Execution;

internal enum BarrierMode
{
    Sync,
    Arrive,

    /// <summary>Sync, and count the threads whose predicate holds.</summary>
    Reduce,
}
