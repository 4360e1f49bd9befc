namespace CudaRpc.Simulator.Timing;

/// <summary>What the threads of a grid have done. Workers add to it from any thread.</summary>
internal sealed class WorkCounts
{
    private ulong _instructions;
    private ulong _bytes;

    /// <summary>Instructions, those of each thread counted.</summary>
    public ulong Instructions => Volatile.Read(ref _instructions); // Pairs with Add.

    /// <summary>Bytes that threads read and wrote in device memory.</summary>
    public ulong Bytes => Volatile.Read(ref _bytes); // Pairs with Add.

    public void Add(ulong instructions, ulong bytes)
    {
        Interlocked.Add(ref _instructions, instructions);
        Interlocked.Add(ref _bytes, bytes);
    }
}
