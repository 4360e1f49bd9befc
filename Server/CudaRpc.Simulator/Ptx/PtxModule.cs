namespace CudaRpc.Simulator.Ptx;

/// <summary>A PTX text, parsed and decoded. Immutable; loading it into a device's memory is <see cref="LoadedModule"/>.</summary>
public sealed class PtxModule
{
    private PtxModule(string name)
    {
        Name = name;
    }

    /// <summary>The name given to <see cref="Parse"/>; for messages.</summary>
    public string Name { get; }

    /// <summary>The number of .version times ten: 84 for PTX ISA 8.4.</summary>
    public int Version { get; private init; }

    /// <summary>The number of .target: 75 for sm_75.</summary>
    public int TargetArchitecture { get; private init; }

    /// <summary>The .entry functions by name.</summary>
    public IReadOnlyDictionary<string, PtxKernel> Kernels { get; private init; } = new Dictionary<string, PtxKernel>();

    /// <summary>Variables in global and constant memory, in order of declaration.</summary>
    public IReadOnlyList<PtxGlobal> Globals { get; private init; } = [];

    /// <summary>Parses and decodes all of <paramref name="source"/>.</summary>
    /// <exception cref="PtxException">It is malformed or uses something that the simulator lacks.</exception>
    public static PtxModule Parse(string source, string name)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new PtxModule(name);
    }
}
