using System.Runtime.InteropServices;
using System.Text;

namespace CudaRpc.Native;

/// <summary>Messages to the user of somebody else's program.</summary>
/// <remarks>Not System.Console, which would take over the terminal's settings and signals.</remarks>
internal static unsafe partial class StandardError
{
    private const int Descriptor = 2;

    /// <summary>Writes one line with one system call. A closed or full standard error is nobody's problem.</summary>
    internal static void WriteLine(string message)
    {
        byte[] line = Encoding.UTF8.GetBytes($"cudarpc: {message}\n");
        // SAFETY: the array is pinned for the call, which reads no more than its length.
        fixed (byte* text = line) _ = write(Descriptor, text, (nuint)line.Length);
    }

    [LibraryImport("libc")]
    private static partial nint write(int fd, byte* buffer, nuint count);
}
