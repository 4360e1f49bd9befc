namespace CudaRpc.Kernels;

/// <summary>One argument of a kernel: a <see cref="KernelScalar"/> or a <see cref="KernelBuffer"/>.</summary>
public abstract class KernelArgument
{
    private protected KernelArgument()
    {
    }
}
