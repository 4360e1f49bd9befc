namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>Instructions that move the program counter or make threads wait: the worker's loop does them itself.</summary>
internal enum Control : byte
{
    /// <summary>None of these: the instruction has a handler.</summary>
    None,

    /// <summary>bra to <see cref="Instruction.Target"/>.</summary>
    Branch,

    /// <summary>brx.idx: A holds the index into the kernel's branch table that begins at Target and has Aux entries.</summary>
    BranchTable,

    /// <summary>exit, and ret of a kernel.</summary>
    Exit,

    /// <summary>
    /// bar and barrier: A is the barrier, B the thread count if any, Aux a <see cref="BarrierMode"/>, C the predicate to reduce.
    /// </summary>
    Barrier,

    /// <summary>Waits until all threads named in A are here; precedes every .sync instruction of a warp.</summary>
    Converge,

    /// <summary>barrier.cluster.wait: threads that have arrived there wait until all of the cluster have.</summary>
    ClusterWait,
}
