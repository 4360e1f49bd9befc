using CudaRpc.Simulator.Ptx.Execution;

namespace CudaRpc.Simulator.Ptx;

/// <summary>One .entry function, decoded and ready to run. Immutable.</summary>
public sealed class PtxKernel
{
    internal PtxKernel(string name, KernelCode code)
    {
        Name = name;
        Code = code;
    }

    /// <summary>Its name in the PTX text.</summary>
    public string Name { get; }

    /// <summary>Parameters in order.</summary>
    public IReadOnlyList<PtxParameter> Parameters { get; internal init; } = [];

    /// <summary>Bytes of the parameter buffer: the end of the last parameter.</summary>
    public int ParameterBytes { get; internal init; }

    /// <summary>Static shared memory in bytes.</summary>
    public int SharedBytes { get; internal init; }

    /// <summary>Local memory of one thread in bytes.</summary>
    public int LocalBytes { get; internal init; }

    /// <summary>Estimated 32-bit registers of a thread: the most that are live at once.</summary>
    public int Registers { get; internal init; }

    /// <summary>Largest CTA that .maxntid or .reqntid allows, or 0 when neither is given.</summary>
    public int MaxThreads { get; internal init; }

    /// <summary>The only CTA shape that .reqntid allows, or null.</summary>
    public Dim3? RequiredBlock { get; internal init; }

    /// <summary>The only cluster shape that .reqnctapercluster allows, or null.</summary>
    public Dim3? RequiredCluster { get; internal init; }

    /// <summary>Whether .explicitcluster says that launches without clusters are wrong.</summary>
    public bool ClusterIsRequired { get; internal init; }

    internal KernelCode Code { get; }
}
