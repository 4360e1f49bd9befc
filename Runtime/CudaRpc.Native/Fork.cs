using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudaRpc.Native;

/// <summary>
/// Makes a child of <c>fork</c> find CUDA not initialised, as with the real driver: it has neither the runtime's threads nor the
/// server's attention, and its calls must neither hang nor disturb the parent's session.
/// </summary>
internal static unsafe partial class Fork
{
    /// <summary>Watches from now on.</summary>
    internal static void Watch() => _ = pthread_atfork(null, null, &InChild);

    // SAFETY: runs in the child on the thread that forked, which was attached to the runtime before; it only writes two fields.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void InChild() => Entry.LeaveToParent();

    [LibraryImport("libc")]
    private static partial int pthread_atfork(
        delegate* unmanaged[Cdecl]<void> prepare, delegate* unmanaged[Cdecl]<void> parent, delegate* unmanaged[Cdecl]<void> child);
}
