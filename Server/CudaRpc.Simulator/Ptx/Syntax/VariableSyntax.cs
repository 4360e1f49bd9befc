namespace CudaRpc.Simulator.Ptx.Syntax;

internal enum VariableSpace
{
    Register,
    Global,
    Const,
    Shared,
    Local,
    Param,
}

/// <summary>One declared variable or range of registers.</summary>
internal sealed record VariableSyntax(VariableSpace Space, PtxType Type, string Name, int Line)
{
    /// <summary>Elements of a .v2 or .v4 variable; 1 otherwise.</summary>
    public int VectorLength { get; init; } = 1;

    /// <summary>From .align, or the size of one element.</summary>
    public int Alignment { get; init; }

    /// <summary>Array elements; 1 for a scalar, 0 for [] without an initial value.</summary>
    public ulong Count { get; init; } = 1;

    /// <summary>True for an array, also of one element.</summary>
    public bool IsArray { get; init; }

    /// <summary>Registers of a range like %r&lt;10&gt;; 0 for a single one.</summary>
    public int RangeCount { get; init; }

    public Linkage Linkage { get; init; }

    public bool IsExtern => Linkage == Linkage.Extern;

    /// <summary>True for .attribute(.managed): the program reaches it too.</summary>
    public bool IsManaged { get; init; }

    /// <summary>Initial bytes, possibly fewer than the variable has.</summary>
    public byte[] InitialBytes { get; init; } = [];

    public IReadOnlyList<PtxRelocation> Relocations { get; init; } = [];

    /// <summary>Bytes.</summary>
    public ulong Size => Count * (ulong)(VectorLength * Type.Bytes);
}
