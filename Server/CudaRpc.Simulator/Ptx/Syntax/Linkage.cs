namespace CudaRpc.Simulator.Ptx.Syntax;

/// <summary>Who else can see a name (PTX ISA, "Linking Directives").</summary>
internal enum Linkage
{
    /// <summary>No directive: its own text only.</summary>
    Local,

    /// <summary>Every text it is linked with.</summary>
    Visible,

    /// <summary>Defined elsewhere.</summary>
    Extern,

    /// <summary>Visible, and one of several definitions is enough.</summary>
    Weak,

    /// <summary>A visible variable whose declarations share the largest one's memory.</summary>
    Common,
}
