using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// One decoded instruction: what the worker's loop reads. 64 bytes, so that one cache line holds it.
/// Operands are byte offsets: from 0 up into the warp's registers, below 0 into the kernel's constants (<see cref="Worker.Operand"/>).
/// While a kernel is being compiled they are numbers of virtual registers, or of constants from -1 down.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Instruction
{
    /// <summary>Executes it for the lanes of a mask; null for the instructions of <see cref="Execution.Control"/>.</summary>
    public Handler Handler;

    // Destinations, or the values of a store. Consecutive: handlers index them.
    public int D0;
    public int D1;
    public int D2;
    public int D3;

    // Sources. The address of a memory access is in A.
    public int A;
    public int B;
    public int C;
    public int E;

    /// <summary>Offset of an address, or whatever constant the handler wants.</summary>
    public long Immediate;

    /// <summary>Predicate register that guards it, or -1.</summary>
    public int Guard;

    /// <summary>Where a branch goes; which cache entry a memory access uses.</summary>
    public int Target;

    /// <summary>A small number that the handler knows the meaning of.</summary>
    public int Aux;

    public Control Control;

    /// <summary>True for @!p.</summary>
    public bool GuardNegated;

    /// <summary>State space of a memory access.</summary>
    public MemorySpace Space;

    /// <summary>True where A is a 32-bit register.</summary>
    public bool NarrowAddress;
}
