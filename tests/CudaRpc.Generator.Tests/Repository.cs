using System.Reflection;

namespace CudaRpc.Generator.Tests;

/// <summary>Files of the checkout that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>The folder of this test project.</summary>
    public static string Tests => Path.Combine(Root, "tests", "CudaRpc.Generator.Tests");

    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));
}
