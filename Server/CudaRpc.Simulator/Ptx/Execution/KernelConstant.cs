namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>A constant operand of a kernel.</summary>
/// <param name="Symbol">Module variable whose address is added to <paramref name="Bits"/>, or null for a plain number.</param>
/// <param name="Bits">The number, or the offset from the variable.</param>
/// <param name="Width">Bits of the operand: 16, 32 or 64.</param>
internal readonly record struct KernelConstant(string? Symbol, ulong Bits, int Width);
