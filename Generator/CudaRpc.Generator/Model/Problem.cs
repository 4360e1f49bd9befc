using Microsoft.CodeAnalysis;

namespace CudaRpc.Generator.Model;

/// <summary>A diagnostic as a value: what is wrong, where, and the words that fill its message.</summary>
internal sealed record Problem(string Id, Place Place, EquatableArray<string> Words)
{
    public static Problem At(Place place, DiagnosticDescriptor descriptor, params string[] words) => new(descriptor.Id, place, new(words));

    public Diagnostic ToDiagnostic() =>
        Diagnostic.Create(Problems.ById(Id), Place.ToLocation(), [.. Words]);
}
