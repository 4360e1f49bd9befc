namespace CudaRpc;

/// <summary>
/// Names under which the library and the server tell what they do, by the means of <see cref="System.Diagnostics"/>. docs/telemetry.md lists
/// spans, instruments and attributes.
/// </summary>
public static class Telemetry
{
    /// <summary>The meter, and the source of the sessions' spans.</summary>
    public const string Name = "CudaRpc";

    /// <summary>The source of a span for each driver call that travels. Apart, because there may be millions of them.</summary>
    public const string Calls = "CudaRpc.Calls";

    /// <summary>The library's version, as telemetry gives it.</summary>
    internal static string? Version { get; } = typeof(Telemetry).Assembly.GetName().Version?.ToString(3);

    /// <summary>Upper bounds of durations, in seconds: from a call through shared memory to a wait for much work.</summary>
    internal static IReadOnlyList<double> DurationBounds { get; } =
        [1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1, 2, 5, 10];
}
