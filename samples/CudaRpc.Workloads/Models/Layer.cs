namespace CudaRpc.Workloads.Models;

/// <summary>One kernel of a forward pass.</summary>
/// <param name="Kernel">Its name.</param>
/// <param name="Flops">Operations of a matrix product, two per multiply-add; 0 for kernels that only go through memory.</param>
/// <param name="Bytes">Bytes that it reads and writes.</param>
/// <param name="Parameters">Its parameters.</param>
internal readonly record struct Layer(string Kernel, double Flops, double Bytes, int Parameters);
