using System.Runtime.InteropServices;

namespace CudaRpc.Kernels;

/// <summary>A number passed by value.</summary>
public sealed class KernelScalar : KernelArgument
{
    private readonly byte[] _bytes;

    private KernelScalar(byte[] bytes) => _bytes = bytes;

    /// <summary>The value as the kernel reads it.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A scalar of any plain type.</summary>
    public static KernelScalar Of<T>(T value)
        where T : unmanaged => new(MemoryMarshal.AsBytes([value]).ToArray());
}
