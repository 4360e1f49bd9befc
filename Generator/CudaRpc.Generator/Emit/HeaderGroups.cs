using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>Splits the functions into groups, one file each: by the first word after <c>cu</c>, small groups together.</summary>
internal static class HeaderGroups
{
    private const int Smallest = 4;
    private const string Rest = "Other";

    /// <summary>Groups functions by name, sorted; the rest comes last.</summary>
    public static IEnumerable<(string Name, IReadOnlyList<T> Members)> Split<T>(IEnumerable<T> functions, Func<T, string> name)
    {
        var groups = functions.GroupBy(function => Word(name(function))).ToList();
        foreach (var group in groups.Where(group => group.Count() >= Smallest).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            yield return (group.Key, [.. group]);
        }

        List<T> rest = [.. groups.Where(group => group.Count() < Smallest).SelectMany(group => group)];
        if (rest.Count > 0)
        {
            yield return (Rest, [.. rest.OrderBy(name, StringComparer.Ordinal)]);
        }
    }

    public static IEnumerable<(string Name, IReadOnlyList<CFunction> Members)> Split(CApi api) =>
        Split(api.Functions, function => function.Name);

    // cuMemcpyHtoD_v2 -> Memcpy, cuD3D9Begin -> D, cuGLInit -> GL: upper-case letters, then the lower-case ones after them.
    private static string Word(string function)
    {
        int start = function.StartsWith("cu", StringComparison.Ordinal) ? 2 : 0;
        int end = start;
        while (end < function.Length && char.IsUpper(function[end]))
        {
            end++;
        }

        while (end < function.Length && char.IsLower(function[end]))
        {
            end++;
        }

        return end > start ? function.Substring(start, end - start) : Rest;
    }
}
