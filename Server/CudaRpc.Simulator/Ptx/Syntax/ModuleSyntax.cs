namespace CudaRpc.Simulator.Ptx.Syntax;

/// <summary>A parsed PTX text, not yet decoded.</summary>
internal sealed class ModuleSyntax
{
    /// <summary>84 for 8.4.</summary>
    public int Version { get; set; }

    /// <summary>75 for sm_75.</summary>
    public int Target { get; set; }

    public List<VariableSyntax> Variables { get; } = [];

    /// <summary>Definitions replace declarations of the same name.</summary>
    public Dictionary<string, FunctionSyntax> Functions { get; } = [];
}
