using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Rules;

/// <summary>A place in the rules that cannot be read. Becomes a diagnostic there.</summary>
internal sealed class RuleSyntaxException(Place place, string message) : Exception(message)
{
    public Place Place { get; } = place;
}
