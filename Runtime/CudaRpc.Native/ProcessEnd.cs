using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Tracing;

namespace CudaRpc.Native;

/// <summary>What is left to do when the program exits: the trace gets what the server still knows of its last calls.</summary>
internal static unsafe partial class ProcessEnd
{
    private static TracingDriver? s_driver;

    /// <summary>Flushes the driver's trace when the program calls <c>exit</c> or returns from <c>main</c>.</summary>
    internal static void Flush(TracingDriver driver)
    {
        s_driver = driver;
        _ = atexit(&AtExit);
    }

    // SAFETY: on the thread that exits. A forked child runs its parent's handlers, too, and has no threads to do anything with.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void AtExit()
    {
        if (Entry.IsForked) return;
        try
        {
            s_driver?.Flush();
        }
        catch (Exception failure)
        {
            Entry.Failed(failure, "exit");
        }
    }

    [LibraryImport("libc")]
    private static partial int atexit(delegate* unmanaged[Cdecl]<void> handler);
}
