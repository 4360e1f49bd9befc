using System.Globalization;
using System.Text.RegularExpressions;
using CudaRpc.Client;

namespace CudaRpc.Server;

/// <summary>
/// Kernel parameters as PTX declares them: <c>.entry name(.param .u64 a, .param .align 8 .b8 b[24])</c>. Each lies behind the one before, at a
/// multiple of its alignment.
/// </summary>
internal static partial class PtxLayouts
{
    /// <summary>Adds the kernels of <paramref name="text"/>; one whose parameters are not understood is left out.</summary>
    public static void Read(string text, Dictionary<string, List<ParameterLayout>> layouts)
    {
        foreach (Match entry in Entry().Matches(Comment().Replace(text, " ")))
        {
            if (Parameters(entry.Groups["list"].Value) is { } parameters)
            {
                layouts.TryAdd(entry.Groups["name"].Value, parameters);
            }
        }
    }

    private static List<ParameterLayout>? Parameters(string list)
    {
        var parameters = new List<ParameterLayout>();
        int end = 0;
        foreach (string declaration in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            Match match = Parameter().Match(declaration);
            if (!match.Success || Bytes(match.Groups["type"].Value) is not int unit
                || !TryParse(match.Groups["align"], unit, out int alignment) || !TryParse(match.Groups["count"], 1, out int count)
                || alignment is <= 0 or > 512 || count is < 0 or > 1 << 16)
            {
                return null;
            }

            int offset = (end + alignment - 1) / alignment * alignment;
            parameters.Add(new ParameterLayout(offset, unit * count));
            end = offset + (unit * count);
        }

        return parameters;
    }

    private static bool TryParse(Group group, int absent, out int value)
    {
        value = absent;
        return !group.Success || int.TryParse(group.Value, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    private static int? Bytes(string type) => type switch
    {
        "b8" or "u8" or "s8" or "pred" => 1,
        "b16" or "u16" or "s16" or "f16" or "bf16" => 2,
        "b32" or "u32" or "s32" or "f32" or "f16x2" => 4,
        "b64" or "u64" or "s64" or "f64" or "texref" or "samplerref" or "surfref" => 8,
        "b128" => 16,
        _ => null,
    };

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    // A declaration without parameters may have no list at all.
    [GeneratedRegex(@"\.entry\s+(?<name>[\w$%]+)\s*(\((?<list>[^)]*)\))?")]
    private static partial Regex Entry();

    // What a pointer points to (.ptr .global .align 4) stands between type and name and says nothing about the parameter.
    [GeneratedRegex(
        @"^\.param\s+(\.align\s+(?<align>\d+)\s+)?\.(?<type>\w+)(\s+\.ptr(\s+\.(global|const|shared|local))?(\s+\.align\s+\d+)?)?\s+[\w$%]+(\s*\[\s*(?<count>\d+)\s*\])?$")]
    private static partial Regex Parameter();
}
