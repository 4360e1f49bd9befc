using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>
/// Holds its stream until a word of memory has the value that is waited for. Whoever writes it, a stream, a kernel or the program, tells
/// nobody, so it is looked at again and again.
/// </summary>
internal sealed unsafe class WaitValueWork(MemoryPlace place, bool isWide, ulong value, CUstreamWaitValue_flags condition) : StreamWork
{
    public override bool ActsOnHost => true;

    public override void Run(DriverContext context)
    {
        var spinner = default(SpinWait);
        while (context.Fault == CUDA_SUCCESS)
        {
            if (!TryRead(out ulong seen))
            {
                context.Fail(CUDA_ERROR_ILLEGAL_ADDRESS, $"memory at 0x{place.Address:x} was freed before a stream that waits for it went on");
                return;
            }
            if (IsMet(seen))
            {
                return;
            }
            if (!spinner.NextSpinWillYield)
            {
                spinner.SpinOnce();
            }
            else if (context.Cancelled.WaitHandle.WaitOne(1))
            {
                return;
            }
        }
    }

    private bool TryRead(out ulong seen)
    {
        using MemoryPin pin = place.Pin();
        byte* word = place.Resolve(isWide ? 8u : 4u);
        // SAFETY: resolved and pinned; aligned, as the driver has checked. Volatile: pairs with whatever writes it.
        seen = word == null ? 0 : isWide ? Volatile.Read(ref *(ulong*)word) : Volatile.Read(ref *(uint*)word);
        return word != null;
    }

    // Greater or equal as numbers that wrap around.
    private bool IsMet(ulong seen) => condition switch
    {
        CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_EQ => seen == value,
        CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_AND => (seen & value) != 0,
        CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_NOR => (isWide ? ~(seen | value) : (uint)~(seen | value)) != 0,
        _ => isWide ? (long)(seen - value) >= 0 : (int)((uint)seen - (uint)value) >= 0,
    };
}
