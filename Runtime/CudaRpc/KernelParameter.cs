namespace CudaRpc;

/// <summary>Where a kernel expects one of its parameters.</summary>
/// <param name="Offset">Bytes from the start of the parameter buffer.</param>
/// <param name="Size">Size in bytes.</param>
public readonly record struct KernelParameter(int Offset, int Size);
