namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>What setp does with its third source.</summary>
internal enum BooleanCombination
{
    None,
    And,
    Or,
    Xor,
}
