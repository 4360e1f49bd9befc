namespace CudaRpc.Simulator.Ptx;

/// <summary>One PTX text of several that make a module.</summary>
/// <param name="Name">What messages call it; null where it is the only one.</param>
/// <param name="Text">The text; a NUL at its end is ignored.</param>
/// <param name="IsOptional">Whether it comes from a library: it is linked only if it defines what another text lacks.</param>
public sealed record PtxSource(string? Name, string Text, bool IsOptional = false);
