using Microsoft.CodeAnalysis;

namespace CudaRpc.Generator;

/// <summary>Every diagnostic of the generator. docs/generator.md lists them; an id is never reused.</summary>
internal static class Problems
{
    public static readonly DiagnosticDescriptor NoLibClang = Error(
        "CUDARPC001", "libclang is needed and was not found", "libclang could not be loaded: {0} (install libclang1, or set CudaRpcLibClang)");

    public static readonly DiagnosticDescriptor NoHeader = Error(
        "CUDARPC002", "The header is missing", "CudaRpcEmit is set, but the header '{0}' does not exist (set CudaHeader)");

    public static readonly DiagnosticDescriptor ClangError = Error(
        "CUDARPC003", "The header does not compile", "clang: {0}");

    public static readonly DiagnosticDescriptor UnsupportedDeclaration = Error(
        "CUDARPC004", "A declaration has no counterpart", "'{0}' cannot be expressed: {1}");

    public static readonly DiagnosticDescriptor UnknownRole = Error(
        "CUDARPC005", "CudaRpcEmit names an unknown role", "CudaRpcEmit names '{0}'; the roles are {1}");

    private static readonly Dictionary<string, DiagnosticDescriptor> s_byId = new[]
    {
        NoLibClang, NoHeader, ClangError, UnsupportedDeclaration, UnknownRole,
    }.ToDictionary(descriptor => descriptor.Id);

    public static DiagnosticDescriptor ById(string id) => s_byId[id];

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "CudaRpc", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
