namespace CudaRpc.Simulator.Ptx;

/// <summary>State spaces of PTX (PTX ISA, "State Spaces").</summary>
public enum PtxStateSpace
{
    /// <summary>No space named: a generic address.</summary>
    Generic,

    /// <summary>Device memory.</summary>
    Global,

    /// <summary>Device memory that kernels only read.</summary>
    Const,

    /// <summary>Memory of one CTA.</summary>
    Shared,

    /// <summary>Memory of one thread.</summary>
    Local,

    /// <summary>Kernel parameters, and the parameters of device functions.</summary>
    Param,
}
