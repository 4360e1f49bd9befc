namespace CudaRpc.Simulator.Ptx.Syntax;

/// <summary>An .entry or .func.</summary>
internal sealed record FunctionSyntax(string Name, bool IsEntry, int Line)
{
    public Linkage Linkage { get; init; }

    public IReadOnlyList<VariableSyntax> Parameters { get; init; } = [];

    public IReadOnlyList<VariableSyntax> Results { get; init; } = [];

    /// <summary>Null for a declaration.</summary>
    public BlockSyntax? Body { get; init; }

    /// <summary>.maxntid or .reqntid.</summary>
    public Dim3? MaximumBlock { get; init; }

    /// <summary>.reqnctapercluster.</summary>
    public Dim3? RequiredCluster { get; init; }

    /// <summary>.explicitcluster.</summary>
    public bool ClusterIsRequired { get; init; }

    /// <summary>True where <see cref="MaximumBlock"/> came from .reqntid.</summary>
    public bool BlockIsRequired { get; init; }
}
