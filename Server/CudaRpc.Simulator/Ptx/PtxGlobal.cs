namespace CudaRpc.Simulator.Ptx;

/// <summary>A module-scope variable in global or constant memory.</summary>
public sealed class PtxGlobal
{
    internal PtxGlobal(
        string name, PtxStateSpace space, ulong size, int alignment, byte[] initialBytes, IReadOnlyList<PtxRelocation> relocations)
    {
        Name = name;
        Space = space;
        Size = size;
        Alignment = alignment;
        InitialBytes = initialBytes;
        Relocations = relocations;
    }

    /// <summary>Its name in the PTX text.</summary>
    public string Name { get; }

    /// <summary>Global or Const.</summary>
    public PtxStateSpace Space { get; }

    /// <summary>Whether the program reaches it at the same address as kernels do.</summary>
    public bool IsManaged { get; internal init; }

    /// <summary>Whether it is a reference that programs bind: no variable that they can read.</summary>
    internal PtxOpaqueKind Opaque { get; init; }

    /// <summary>Bytes.</summary>
    public ulong Size { get; }

    /// <summary>Bytes; a power of two.</summary>
    public int Alignment { get; }

    /// <summary>Initial value: empty when all zero, and possibly shorter than <see cref="Size"/>, the rest being zero.</summary>
    public ReadOnlyMemory<byte> InitialBytes { get; }

    /// <summary>Places in the initial value that hold addresses of variables.</summary>
    internal IReadOnlyList<PtxRelocation> Relocations { get; }
}
