namespace CudaRpc.Native.Tests;

public sealed class ExportsTests
{
    private static string Library => Path.Combine(Shim.Directory, "libcuda.so.1");

    [Fact]
    public void Symbols_OfDriver580_AreExported()
    {
        string[] exported = Exported();
        string[] leftOut = Names("headers/left-out.txt");
        string[] expected = [.. Names("tests/facts/exports-580.txt").Except(leftOut)];
        Assert.True(expected.Length > 600, $"only {expected.Length} names to check");
        Assert.Empty(expected.Except(exported));
    }

    [Fact]
    public void Symbols_OfCuda_AreAllReachableByProcAddress()
    {
        string[] reachable = [.. Names("headers/proc-address.txt").Select(row => row.Split(' ')[3]).Distinct()];
        Assert.Equal(Exported().Order(StringComparer.Ordinal), reachable.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Library_Name_IsTheDrivers() =>
        Assert.Contains("Library soname: [libcuda.so.1]", Shim.Tool("readelf", "-d", Library), StringComparison.Ordinal);

    [Fact]
    public void Library_Link_IsForTheLinker() =>
        Assert.Equal("libcuda.so.1", new FileInfo(Path.Combine(Shim.Directory, "libcuda.so")).LinkTarget);

    private static string[] Exported() =>
    [
        .. Shim.Tool("nm", "-D", "--defined-only", Library)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ')[^1])
            .Where(name => name.StartsWith("cu", StringComparison.Ordinal)),
    ];

    private static string[] Names(string path) =>
        [.. File.ReadLines(Path.Combine(Shim.Repository, path)).Where(line => line.Length > 0 && line[0] != '#')];
}
