using CudaRpc.Generator.Clang;
using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Tests;

/// <summary>Headers read without a compilation around them.</summary>
internal static class HeaderInputs
{
    public static HeaderResult Result(string header) => HeaderReader.Read(new(
        new(GeneratorRun.HeaderPath, header),
        new(Directory.GetFiles(Path.Combine(Repository.Root, "headers", "libc")).Order(StringComparer.Ordinal)
            .Select(path => new TextFile(path, File.ReadAllText(path)))),
        ""));

    public static CApi Read(string header)
    {
        HeaderResult result = Result(header);
        Assert.Empty(result.Problems);
        return result.Api!;
    }
}
