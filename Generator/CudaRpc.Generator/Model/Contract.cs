namespace CudaRpc.Generator.Model;

/// <summary>What <c>CudaDriver</c> depends on: the header, and of the rules only which functions are others by another name.</summary>
internal sealed record Contract(CApi Api, EquatableArray<Alias> Aliases)
{
    public static Contract Of(CApi api, Plan? plan) => new(
        api,
        new(plan is null
            ? []
            : plan.Functions.Where(function => function.Travel == Travel.SameAs)
                .Select(function => new Alias(function.Name, function.Target))));
}

/// <summary>A function whose default body forwards to another with the same signature.</summary>
internal sealed record Alias(string Name, string Target);
