namespace CudaRpc;

/// <summary>How a kernel is launched.</summary>
/// <param name="Grid">Blocks in the grid.</param>
/// <param name="Block">Threads in each block.</param>
/// <param name="SharedMemory">Dynamic shared memory of each block, in bytes.</param>
/// <param name="Stream">The stream that runs the kernel; null is the context's default stream.</param>
/// <param name="Cooperative">All blocks run at the same time, so that the kernel may synchronise its whole grid.</param>
public readonly record struct LaunchConfiguration(
    Dim3 Grid,
    Dim3 Block,
    int SharedMemory = 0,
    CudaStream? Stream = null,
    bool Cooperative = false)
{
    /// <summary>One thread for each of <paramref name="elements"/> elements: the grid is rounded up to whole blocks.</summary>
    /// <param name="elements">Elements to cover, at least 1.</param>
    /// <param name="blockSize">Threads in a block, at least 1.</param>
    /// <param name="stream">The stream that runs the kernel; null is the context's default stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is below 1, or the grid has too many blocks.</exception>
    public static LaunchConfiguration ForElements(long elements, int blockSize = 256, CudaStream? stream = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(elements, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSize, 1);
        long blocks = ((elements - 1) / blockSize) + 1;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocks, int.MaxValue, nameof(elements));
        return new LaunchConfiguration((int)blocks, blockSize, Stream: stream);
    }
}
