namespace CudaRpc.Simulator.Ptx.Execution;

internal enum VoteMode
{
    All,
    Any,

    /// <summary>All or none.</summary>
    Uniform,
    Ballot,
}
