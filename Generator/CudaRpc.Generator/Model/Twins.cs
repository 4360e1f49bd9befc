namespace CudaRpc.Generator.Model;

/// <summary>
/// The per-thread-default-stream twins: <c>cuX_ptsz</c> and <c>cuX_ptds</c> are <c>cuX</c> with another meaning of stream 0.
/// </summary>
internal static class Twins
{
    /// <summary>The name of the function that <paramref name="name"/> would be the twin of, or null where it is no twin's name.</summary>
    public static string? BaseName(string name) =>
        name.EndsWith("_ptsz", StringComparison.Ordinal) || name.EndsWith("_ptds", StringComparison.Ordinal)
            ? name.Substring(0, name.Length - 5)
            : null;
}
