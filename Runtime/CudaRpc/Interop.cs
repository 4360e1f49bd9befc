using System.Reflection;
using System.Runtime.InteropServices;
using CudaRpc.Transport;

namespace CudaRpc;

/// <summary>
/// Lets .NET libraries that call the CUDA driver by themselves (ILGPU and others) run on a server: their imports of the driver's library are
/// resolved to the shim.
/// </summary>
public static partial class Interop
{
    private static readonly Lock s_lock = new();
    private static nint s_library;

    /// <summary>
    /// From now on imports of <c>libcuda.so.1</c>, under any of the names it goes by, in <paramref name="assembly"/> are the shim's. Call it
    /// before the assembly makes its first CUDA call; several assemblies share one shim, and with it one server.
    /// </summary>
    /// <param name="assembly">The assembly that declares the imports: <c>typeof(CudaAccelerator).Assembly</c> for ILGPU.</param>
    /// <param name="server">
    /// The server's URL, for this process; without it CUDARPC_SERVER or the configuration file says which. <c>sim:</c> is a simulated GPU.
    /// </param>
    /// <param name="shimDirectory">Folder of <c>libcuda.so.1</c>; without it CUDARPC_SHIM, or a folder beside this program.</param>
    /// <exception cref="InvalidOperationException">
    /// The shim is nowhere to be found, the assembly has a resolver of its own already, or the shim is loaded and has another server.
    /// </exception>
    /// <exception cref="FormatException"><paramref name="server"/> is no URL of a server.</exception>
    public static void UseFor(Assembly assembly, string? server = null, string? shimDirectory = null)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        lock (s_lock)
        {
            if (server is not null)
            {
                SetServer(ServerUrl.Parse(server));
            }

            if (s_library == 0)
            {
                s_library = NativeLibrary.Load(Path.Combine(ShimLocation.Find(shimDirectory), ShimLocation.FileName));
            }
        }

        NativeLibrary.SetDllImportResolver(assembly, static (name, _, _) => IsDriver(name) ? s_library : 0);
    }

    /// <summary>Whether an import of this name means the CUDA driver's library: Linux's names, and Windows' in code for both.</summary>
    internal static bool IsDriver(string name) => name is "cuda" or "libcuda" or "libcuda.so" or "libcuda.so.1" or "nvcuda" or "nvcuda.dll";

    // The shim is a program of its own in this process and reads the C library's environment, which .NET's is only a copy of.
    private static void SetServer(ServerUrl server)
    {
        if (server.Scheme == "native")
        {
            throw new FormatException("native: is this machine's own driver, for which nothing needs to be resolved");
        }

        string? before = Environment.GetEnvironmentVariable(ClientConfiguration.ServerVariable);
        if (s_library != 0 && before != server.ToString())
        {
            throw new InvalidOperationException($"this process's CUDA calls go to {before ?? "the configured server"} already, and cannot go to {server} as well");
        }

        Environment.SetEnvironmentVariable(ClientConfiguration.ServerVariable, server.ToString());
        if (setenv(ClientConfiguration.ServerVariable, server.ToString(), 1) != 0)
        {
            throw new InvalidOperationException($"{ClientConfiguration.ServerVariable} cannot be set: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int setenv(string name, string value, int overwrite);
}
