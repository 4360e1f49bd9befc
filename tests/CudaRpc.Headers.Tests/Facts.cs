using System.Text.Json;
using System.Text.Json.Serialization;

namespace CudaRpc.Headers.Tests;

/// <summary>tests/facts/cuda-*.json less what headers/cuda.h leaves out; docs/headers.md describes the format.</summary>
internal sealed record Facts(
    Dictionary<string, JsonElement> Macros,
    string[] Handles,
    Dictionary<string, string> HandleTags,
    TypedefFacts[] Typedefs,
    CallbackFacts[] Callbacks,
    EnumFacts[] Enums,
    RecordFacts[] Structs,
    FunctionFacts[] Functions)
{
    private static readonly JsonSerializerOptions s_options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly string[] s_interopHeaders = ["cudaGL.h", "cudaEGL.h", "cudaVDPAU.h"];

    private static readonly string[] s_interopMacros = ["MAX_PLANES", "CUDA_EGL_INFINITE_TIMEOUT"];

    public static Facts Load()
    {
        Facts all = JsonSerializer.Deserialize<Facts>(Repository.Read("tests/facts/cuda-13.0.json"), s_options)!;
        return all with
        {
            Macros = all.Macros.Where(macro => !s_interopMacros.Contains(macro.Key)).ToDictionary(),
            Handles = [.. all.Handles.Where(IsKept)],
            Typedefs = [.. all.Typedefs.Where(typedef => IsKept(typedef.Name))],
            Enums = [.. all.Enums.Where(type => IsKept(type.Name))],
            Structs = [.. all.Structs.Where(type => IsKept(type.Name))],
            Functions = [.. all.Functions.Where(function => !s_interopHeaders.Contains(function.Header))],
        };
    }

    private static bool IsKept(string type) =>
        !type.StartsWith("CUGL", StringComparison.Ordinal) && !type.StartsWith("CUegl", StringComparison.Ordinal);
}

internal sealed record TypedefFacts(string Name, string Ctype);

internal sealed record ParameterFacts(string Name, string Ctype);

internal sealed record CallbackFacts(string Name, string Ret, ParameterFacts[] Params);

internal sealed record ConstantFacts(string Name, long Value);

internal sealed record EnumFacts(string Name, string? Tag, string Underlying, ConstantFacts[] Constants);

/// <summary>A field; a nested struct or union has fields of its own. Offsets count from the outermost record.</summary>
internal sealed record FieldFacts(string? Name, string Ctype, int Offset, int? ArrayLen, int? Size, FieldFacts[]? Fields);

internal sealed record RecordFacts(string Name, string Tag, string Kind, int Size, int Align, FieldFacts[] Fields);

internal sealed record FunctionFacts(
    string Name,
    ParameterFacts[] Params,
    string? AliasOfMacro,
    string? ThreadDefault,
    string? Header,
    [property: JsonPropertyName("internal_only")] bool IsInternal)
{
    public bool IsTwin => ThreadDefault is not null;

    public string Signature => $"CUresult({(Params.Length == 0 ? "void" : string.Join(", ", Params.Select(p => p.Ctype)))})";
}
