using Microsoft.CodeAnalysis;

namespace CudaRpc.Generator;

/// <summary>Every diagnostic of the generator. docs/generator.md lists them; an id is never reused.</summary>
internal static class Problems
{
    public static readonly DiagnosticDescriptor NoLibClang = Error(
        "CUDARPC001",
        "libclang is needed and was not found",
        "libclang could not be loaded: {0} (install libclang1, or set CudaRpcLibClang)");

    public static readonly DiagnosticDescriptor NoHeader = Error(
        "CUDARPC002", "The header is missing", "CudaRpcEmit is set, but the header '{0}' does not exist (set CudaHeader)");

    public static readonly DiagnosticDescriptor ClangError = Error(
        "CUDARPC003", "The header does not compile", "clang: {0}");

    public static readonly DiagnosticDescriptor UnsupportedDeclaration = Error(
        "CUDARPC004", "A declaration has no counterpart", "'{0}' cannot be expressed: {1}");

    public static readonly DiagnosticDescriptor UnknownRole = Error(
        "CUDARPC005", "CudaRpcEmit names an unknown role", "CudaRpcEmit names '{0}'; the roles are {1}");

    public static readonly DiagnosticDescriptor NoRules = Error(
        "CUDARPC006", "The rules are missing", "CudaRpcEmit asks for '{0}', but the rules '{1}' do not exist (set CudaRules)");

    public static readonly DiagnosticDescriptor RuleSyntax = Error(
        "CUDARPC007", "A rule cannot be read", "{0}");

    public static readonly DiagnosticDescriptor BadExpression = Error(
        "CUDARPC008", "A size expression cannot be read", "'{0}' is no size of {1}: {2}");

    public static readonly DiagnosticDescriptor UnknownFunction = Error(
        "CUDARPC009", "A rule names a function that does not exist", "The header has no function '{0}'");

    public static readonly DiagnosticDescriptor UnknownParameter = Error(
        "CUDARPC010", "A rule names a parameter that does not exist", "There is no parameter '{0}' in {1}");

    public static readonly DiagnosticDescriptor DuplicateRule = Error(
        "CUDARPC011", "A rule is there twice", "There is a rule for '{0}' already");

    public static readonly DiagnosticDescriptor Ambiguous = Error(
        "CUDARPC012", "A parameter needs a rule", "{0}: parameter '{1}' ({2}) needs a rule: {3}");

    public static readonly DiagnosticDescriptor WrongWord = Error(
        "CUDARPC013", "A word does not fit", "'{0}' does not fit {1}: {2}");

    public static readonly DiagnosticDescriptor NotTheSame = Error(
        "CUDARPC014", "same_as needs the same signature", "{0}{1} is not the same as {2}{3}");

    public static readonly DiagnosticDescriptor CallIdCollision = Error(
        "CUDARPC015", "Two calls have the same number", "The call number of {0} is that of {1}");

    public static readonly DiagnosticDescriptor UnknownHandle = Error(
        "CUDARPC016", "A handle type is not in order", "Handle '{0}': {1}");

    public static readonly DiagnosticDescriptor NotWidened = Error(
        "CUDARPC017", "widened needs a 32-bit form", "{0}{1} is no 32-bit form of {2}{3}: {4}");

    public static readonly DiagnosticDescriptor UnknownStruct = Error(
        "CUDARPC018", "A rule names a struct that does not exist", "The header has no struct '{0}' (its first typedef is its name)");

    public static readonly DiagnosticDescriptor Unruled = new(
        "CUDARPC019",
        "A function is new to the rules",
        "{0} is new to the rules and needs one; it answers CUDA_ERROR_NOT_SUPPORTED ({1})",
        "CudaRpc",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true);

    private static readonly Dictionary<string, DiagnosticDescriptor> s_byId = new[]
    {
        NoLibClang, NoHeader, ClangError, UnsupportedDeclaration, UnknownRole, NoRules, RuleSyntax, BadExpression, UnknownFunction,
        UnknownParameter, DuplicateRule, Ambiguous, WrongWord, NotTheSame, CallIdCollision, UnknownHandle, NotWidened, UnknownStruct,
        Unruled,
    }.ToDictionary(descriptor => descriptor.Id);

    public static DiagnosticDescriptor ById(string id) => s_byId[id];

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "CudaRpc", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
