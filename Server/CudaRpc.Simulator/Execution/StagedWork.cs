using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Execution;

/// <summary>A copy whose source may be taken before its turn.</summary>
internal abstract unsafe class StagedWork : StreamWork
{
    private Action? _unstaged;

    /// <summary>Bytes that are copied.</summary>
    public abstract ulong Bytes { get; }

    /// <summary>The source's bytes without gaps, or null where they have not been taken.</summary>
    protected byte* Staged { get; private set; }

    /// <summary>
    /// Copies the source, which must be the host's, now, so that the program may reuse it at once; <paramref name="unstaged"/> is called when
    /// the copy of it is gone. False, and no call, if there is no memory for that.
    /// </summary>
    public bool TryStage(Action unstaged)
    {
        try
        {
            Staged = (byte*)NativeMemory.Alloc((nuint)Bytes);
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
        Gather(Staged);
        _unstaged = unstaged;
        return true;
    }

    public override void Release()
    {
        NativeMemory.Free(Staged);
        Staged = null;
        _unstaged?.Invoke();
    }

    protected abstract void Gather(byte* target);
}
