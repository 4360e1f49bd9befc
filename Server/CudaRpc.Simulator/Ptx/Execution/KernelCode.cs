namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>The executable form of a kernel: independent of addresses, shared by all launches.</summary>
internal sealed class KernelCode
{
    /// <summary>Allocated pinned, because handlers get pointers to its elements.</summary>
    public required Instruction[] Instructions { get; init; }

    /// <summary>PTX line of each instruction.</summary>
    public required int[] Lines { get; init; }

    /// <summary>Destinations of all brx.idx, one after the other.</summary>
    public required int[] BranchTable { get; init; }

    /// <summary>Constants in the order of their layout; see <see cref="ConstantPool"/>.</summary>
    public required IReadOnlyList<KernelConstant> Constants { get; init; }

    /// <summary>Bytes of one warp's register file.</summary>
    public required int RegisterBytes { get; init; }

    /// <summary>Memory instructions that remember the allocation they last met.</summary>
    public required int CacheEntries { get; init; }

    /// <summary>Local memory of one thread, rounded up so that every thread's is equally aligned.</summary>
    public required int LocalStride { get; init; }
}
