namespace CudaRpc.Simulator.Ptx;

/// <summary>Why a kernel was stopped.</summary>
public enum DeviceFaultKind
{
    /// <summary>An access outside every allocation: CUDA_ERROR_ILLEGAL_ADDRESS.</summary>
    IllegalAddress,

    /// <summary>An address that is not a multiple of the access size: CUDA_ERROR_MISALIGNED_ADDRESS.</summary>
    MisalignedAddress,

    /// <summary>The trap instruction: CUDA_ERROR_ILLEGAL_INSTRUCTION's sibling CUDA_ERROR_LAUNCH_FAILED.</summary>
    Trap,

    /// <summary>A failed device-side assert: CUDA_ERROR_ASSERT.</summary>
    Assert,

    /// <summary>An instruction used in a way that hardware refuses: CUDA_ERROR_ILLEGAL_INSTRUCTION.</summary>
    IllegalInstruction,

    /// <summary>A call of an address that is no function: CUDA_ERROR_INVALID_PC.</summary>
    InvalidProgramCounter,

    /// <summary>All threads of a CTA wait for threads that cannot come; hardware would hang: CUDA_ERROR_LAUNCH_TIMEOUT.</summary>
    Deadlock,
}
