using System.Runtime.InteropServices;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>A linear copy between any two places.</summary>
internal sealed unsafe class CopyWork(MemoryPlace destination, MemoryPlace source, ulong bytes) : StreamWork
{
    private byte* _staged;
    private Action? _unstaged;

    /// <summary>
    /// Copies the source now, so that the program may reuse it at once; <paramref name="unstaged"/> is called when the copy of it is gone.
    /// False, and no call, if there is no memory for that.
    /// </summary>
    public bool TryStage(Action unstaged)
    {
        try
        {
            _staged = (byte*)NativeMemory.Alloc((nuint)bytes);
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
        // SAFETY: the caller promises that bytes can be read at a host source; the block is freed in Release.
        Buffer.MemoryCopy(source.Resolve(bytes), _staged, bytes, bytes);
        _unstaged = unstaged;
        return true;
    }

    public override void Run(DriverContext context)
    {
        using MemoryPin destinationPin = destination.Pin();
        using MemoryPin sourcePin = source.Pin();
        byte* to = destination.Resolve(bytes);
        byte* from = _staged != null ? _staged : source.Resolve(bytes);
        if (to == null || from == null)
        {
            ulong address = to == null ? destination.Address : source.Address;
            context.Fail(CUDA_ERROR_ILLEGAL_ADDRESS, $"memory at 0x{address:x} was freed before a copy of {bytes} bytes ran");
            return;
        }
        // SAFETY: both ranges were resolved above and are pinned; MemoryCopy allows them to overlap.
        Buffer.MemoryCopy(from, to, bytes, bytes);
    }

    public override void Release()
    {
        NativeMemory.Free(_staged);
        _staged = null;
        _unstaged?.Invoke();
    }
}
