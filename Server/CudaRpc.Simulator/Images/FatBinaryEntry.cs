namespace CudaRpc.Simulator.Images;

/// <summary>One entry of a fat binary: the same code for one architecture.</summary>
internal sealed record FatBinaryEntry
{
    public required FatBinaryEntryKind Kind { get; init; }

    public required int Architecture { get; init; }

    /// <summary>For this architecture (sm_90a) or its family (sm_100f) only, not for later ones.</summary>
    public required bool IsSpecific { get; init; }

    public required bool IsLz4 { get; init; }

    public required bool IsZstd { get; init; }

    /// <summary>Where the payload is in the file.</summary>
    public required int Start { get; init; }

    public required int Length { get; init; }

    public required ulong ExpandedLength { get; init; }

    /// <summary>Whether a compiler for the architecture takes this PTX.</summary>
    public bool Suits(int architecture) => IsSpecific ? Architecture == architecture : Architecture <= architecture;
}
