namespace CudaRpc.Kernels;

/// <summary>How many blocks of how many threads, in two dimensions.</summary>
/// <param name="GridX">Blocks along x.</param>
/// <param name="GridY">Blocks along y.</param>
/// <param name="BlockX">Threads of a block along x.</param>
/// <param name="BlockY">Threads of a block along y.</param>
public readonly record struct KernelGeometry(int GridX, int GridY, int BlockX, int BlockY)
{
    /// <summary>One thread per element: enough blocks of <paramref name="block"/> threads.</summary>
    public static KernelGeometry Cover(int count, int block) => new(Blocks(count, block), 1, block, 1);

    /// <summary>One thread per element of a plane: enough blocks of the given shape.</summary>
    public static KernelGeometry Cover(int width, int height, int blockX, int blockY) =>
        new(Blocks(width, blockX), Blocks(height, blockY), blockX, blockY);

    /// <summary>How many blocks of <paramref name="block"/> cover <paramref name="count"/>.</summary>
    public static int Blocks(int count, int block) => (count + block - 1) / block;
}
