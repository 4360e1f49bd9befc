namespace CudaRpc.Generator.Clang;

/// <summary>A declaration that the model cannot express. Becomes a diagnostic at the declaration.</summary>
internal sealed class UnsupportedDeclarationException(string message) : Exception(message);
