namespace CudaRpc.Generator.Model;

/// <summary>What <c>CudaDriver</c> depends on: the header, and of the rules only which functions are others by another name.</summary>
internal sealed record Contract(CApi Api, EquatableArray<Alias> Aliases)
{
    public static Contract Of(CApi api, Plan? plan) => new(
        api,
        new(plan is null
            ? []
            : plan.Functions.Where(function => function.Travel is Travel.SameAs or Travel.Widened)
                .Select(function => new Alias(function.Name, function.Target, function.Travel == Travel.Widened, function.Undo))));
}

/// <summary>A function whose default body forwards to another.</summary>
/// <param name="Name">The function.</param>
/// <param name="Target">The other one.</param>
/// <param name="Widened">Whether it is the 32-bit form of the other rather than the same.</param>
/// <param name="Undo">What takes back an allocation whose address does not fit; empty where nothing is allocated.</param>
internal sealed record Alias(string Name, string Target, bool Widened, string Undo);
