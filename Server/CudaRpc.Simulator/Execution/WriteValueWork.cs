using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>Writes a word of memory when the stream gets there.</summary>
internal sealed unsafe class WriteValueWork(MemoryPlace place, bool isWide, ulong value) : StreamWork
{
    public override bool ActsOnHost => true;

    public override void Run(DriverContext context)
    {
        using MemoryPin pin = place.Pin();
        byte* word = place.Resolve(isWide ? 8u : 4u);
        if (word == null)
        {
            context.Fail(CUDA_ERROR_ILLEGAL_ADDRESS, $"memory at 0x{place.Address:x} was freed before a stream wrote it");
            return;
        }
        // SAFETY: resolved, pinned and aligned. Volatile: pairs with the read of a stream that waits, which then sees all that was before.
        if (isWide)
        {
            Volatile.Write(ref *(ulong*)word, value);
        }
        else
        {
            Volatile.Write(ref *(uint*)word, (uint)value);
        }
    }
}
