using System.Runtime.InteropServices;

namespace CudaRpc.Server.Commands;

/// <summary>Where this machine's real <c>libcuda.so.1</c> is: a program that is given the shim under that name needs its path.</summary>
internal static class OwnDriver
{
    private static readonly string[] s_folders =
    [
        "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/usr/lib/wsl/lib", "/run/opengl-driver/lib",
        "/usr/local/nvidia/lib64", "/usr/local/cuda/compat",
    ];

    /// <summary>The library's path.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static string Find()
    {
        string named = Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "";
        string[] searched = [.. named.Split(':', StringSplitOptions.RemoveEmptyEntries), .. s_folders];
        return searched.Select(static folder => Path.GetFullPath(Path.Combine(folder, ShimLocation.FileName)))
            .FirstOrDefault(static file => File.Exists(file) && !IsShim(file))
            ?? throw new InvalidOperationException(
                "this machine has no CUDA driver (no libcuda.so.1); name it as --server native:/path/to/libcuda.so.1");
    }

    /// <summary>Refuses the shim in a driver's place: it would ask a server, which may be itself.</summary>
    /// <param name="library">A path, or the name of a library that is loaded.</param>
    /// <exception cref="InvalidOperationException">It is the shim, or a path where there is nothing.</exception>
    public static void RefuseShim(string library)
    {
        if (library.Contains('/') && !File.Exists(library))
        {
            throw new InvalidOperationException($"there is no CUDA driver {library}");
        }

        string[] files = library.Contains('/') ? [library] : [.. Loaded(library)];
        if (Array.Find(files, static file => File.Exists(file) && IsShim(file)) is { } shim)
        {
            throw new InvalidOperationException($"{shim} is CudaRpc's own library, which asks a server, and no driver");
        }
    }

    private static IEnumerable<string> Loaded(string name) => File.ReadLines("/proc/self/maps")
        .Select(static line => line[(line.IndexOf('/') is >= 0 and int path ? path : line.Length)..])
        .Where(path => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal)).Distinct();

    // Whatever it is called and wherever it was copied: no driver has heard of our variable. The texts of a NativeAOT library are UTF-16.
    private static bool IsShim(string file)
    {
        try
        {
            return File.ReadAllBytes(file).AsSpan().IndexOf(MemoryMarshal.AsBytes(ClientConfiguration.ServerVariable.AsSpan())) >= 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
