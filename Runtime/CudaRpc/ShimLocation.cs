namespace CudaRpc;

/// <summary>Where <c>libcuda.so.1</c>, the shim, lies: a folder that holds nothing else, so that it can be searched before all others.</summary>
internal static class ShimLocation
{
    /// <summary>The library's name, as programs load it.</summary>
    public const string FileName = "libcuda.so.1";

    /// <summary>
    /// The folder: <paramref name="named"/> if given, else the one that <c>CUDARPC_SHIM</c> names, else one near this program: beside it, as a
    /// package or a published command has it, or <c>artifacts/native</c> of the checkout it was built in.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is none; the message says where it was looked for.</exception>
    public static string Find(string? named = null)
    {
        string[] candidates = (named ?? ClientConfiguration.ShimDirectory) is string folder ? [Path.GetFullPath(folder)] : [.. Near(AppContext.BaseDirectory)];
        return Array.Find(candidates, static candidate => File.Exists(Path.Combine(candidate, FileName)))
            ?? throw new InvalidOperationException(
                $"no {FileName} in {string.Join(", ", candidates)}: build it (./run build), or name its folder (CUDARPC_SHIM)");
    }

    private static IEnumerable<string> Near(string directory)
    {
        yield return Path.Combine(directory, "native");
        yield return Path.Combine(directory, "runtimes/linux-x64/native");
        for (string? parent = Path.TrimEndingDirectorySeparator(directory); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            if (File.Exists(Path.Combine(parent, "CudaRpc.sln")))
            {
                yield return Path.Combine(parent, "artifacts/native");
            }
        }
    }
}
