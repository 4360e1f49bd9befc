namespace CudaRpc.Programs.Tests;

/// <summary>How a program is built.</summary>
public enum Variant
{
    /// <summary>The CUDA runtime inside, as nvcc does by default; PTX.</summary>
    Static,

    /// <summary>The CUDA runtime as a library; PTX.</summary>
    Shared,

    /// <summary>The CUDA runtime inside; machine code for two architectures beside the PTX, as programs are shipped.</summary>
    MachineCode,
}
