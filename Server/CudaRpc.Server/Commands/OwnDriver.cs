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
    /// <param name="shim">Folder of the shim, which is not it.</param>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static string Find(string shim)
    {
        string own = Resolve(Path.Combine(shim, ShimLocation.FileName));
        string named = Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "";
        string[] searched = [.. named.Split(':', StringSplitOptions.RemoveEmptyEntries), .. s_folders];
        return searched.Select(static folder => Path.GetFullPath(Path.Combine(folder, ShimLocation.FileName)))
            .FirstOrDefault(file => File.Exists(file) && Resolve(file) != own)
            ?? throw new InvalidOperationException(
                "this machine has no CUDA driver (no libcuda.so.1); name it as --server native:/path/to/libcuda.so.1");
    }

    private static string Resolve(string file) => File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(file);
}
