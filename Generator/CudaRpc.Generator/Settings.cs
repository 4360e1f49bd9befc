using CudaRpc.Generator.Model;
using Microsoft.CodeAnalysis.Diagnostics;

namespace CudaRpc.Generator;

/// <summary>The project's MSBuild properties. CudaRpc.Generator.targets makes them visible to the compiler.</summary>
/// <param name="Roles">What to emit.</param>
/// <param name="Header">The header's path as configured, for messages.</param>
/// <param name="Rules">The rules' path as configured, for messages.</param>
/// <param name="LibClang">The libclang to use; empty to search.</param>
/// <param name="Lenient">Whether a function that is new to the rules and needs one is a warning and unsupported, not an error.</param>
internal sealed record Settings(EquatableArray<string> Roles, string Header, string Rules, string LibClang, bool Lenient)
{
    public static readonly string[] KnownRoles = ["types", "contract", "native", "remote", "dispatcher", "exports", "tracing"];

    public static Settings From(AnalyzerConfigOptions options) => new(
        new(Get(options, "CudaRpcRoles").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)),
        Get(options, "CudaHeader"),
        Get(options, "CudaRules"),
        Get(options, "CudaRpcLibClang"),
        Get(options, "CudaRpcUnruled") == "warning");

    /// <summary>Roles that do not exist.</summary>
    public IEnumerable<Problem> Problems() =>
        from role in Roles
        where !KnownRoles.Contains(role)
        select Problem.At(default, Generator.Problems.UnknownRole, role, string.Join(", ", KnownRoles));

    private static string Get(AnalyzerConfigOptions options, string property) =>
        options.TryGetValue("build_property." + property, out string? value) ? value : "";
}
