using CudaRpc.Simulator.Ptx.Compilation;
using CudaRpc.Simulator.Ptx.Linking;

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

    /// <summary>Parses and decodes all of <paramref name="source"/>; a NUL at its end is ignored.</summary>
    /// <exception cref="PtxException">It is malformed or uses something that the simulator lacks.</exception>
    public static PtxModule Parse(string source, string name)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Link([new PtxSource(null, source)], name);
    }

    /// <summary>Parses, links and decodes <paramref name="sources"/>. It is for the newest of their targets.</summary>
    /// <exception cref="PtxException">One is malformed or uses something that the simulator lacks.</exception>
    /// <exception cref="PtxLinkException">A name that one uses is defined by none of them, or one is defined twice.</exception>
    public static PtxModule Link(IReadOnlyList<PtxSource> sources, string name)
    {
        ArgumentNullException.ThrowIfNull(sources);
        (IReadOnlyList<LinkUnit> units, List<PtxGlobal> globals, Dictionary<string, PtxKernel> kernels) = Linker.Link(sources);
        return new PtxModule(name)
        {
            Version = units.Max(static unit => unit.Syntax.Version),
            TargetArchitecture = units.Max(static unit => unit.Syntax.Target),
            Kernels = kernels,
            Globals = globals,
        };
    }
}
