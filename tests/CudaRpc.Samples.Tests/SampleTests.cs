namespace CudaRpc.Samples.Tests;

/// <summary>Every sample, as its README runs it.</summary>
public sealed class SampleTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Ptx = "samples/kernels/saxpy.ptx";
    private static readonly string s_shim = Path.Combine(Programs.Root, "artifacts/native");

    [Theory(Timeout = 120_000)]
    [InlineData("VectorAdd")]
    [InlineData("MatMul")]
    public async Task DotNetSample_AgainstAServer_IsOk(string sample)
    {
        Programs.Outcome outcome = await Programs.RunDotNet(sample, server.Url);

        Assert.True(outcome.ExitCode == 0, outcome.Errors + outcome.Output);
        Assert.StartsWith("OK", outcome.Output);
    }

    [Fact(Timeout = 120_000)]
    public async Task IlgpuSample_WithTheShim_IsOk()
    {
        SkipWithoutShim();
        foreach (string url in (string[])["sim:", server.Url])
        {
            Programs.Outcome outcome = await Programs.RunDotNet("IlgpuMatMul", url);

            Assert.True(outcome.ExitCode == 0, outcome.Errors + outcome.Output);
            Assert.StartsWith("OK", outcome.Output);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task DeviceQuery_AgainstAServer_ListsItsDevice()
    {
        Programs.Outcome outcome = await Programs.RunDotNet("DeviceQuery", server.Url);

        Assert.True(outcome.ExitCode == 0, outcome.Errors);
        Assert.Contains("device 0:", outcome.Output);
    }

    [Fact(Timeout = 120_000)]
    public async Task CSample_WithTheShim_IsOk()
    {
        SkipWithoutShim();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("cudarpc-c-");
        try
        {
            string program = Path.Combine(folder.FullName, "saxpy");
            Programs.Outcome compiler = await Programs.Run(
                "gcc",
                ["-O2", "-Wall", "-Werror", "-I", "headers", "samples/c/saxpy.c", "-o", program, "-L", s_shim, "-l:libcuda.so.1", "-lm"]);
            Assert.True(compiler.ExitCode == 0, compiler.Errors);

            Programs.Outcome outcome = await Programs.Run(program, [Ptx], ShimEnvironment());

            Assert.True(outcome.ExitCode == 0, outcome.Errors);
            Assert.StartsWith("OK", outcome.Output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task PythonSample_WithTheShim_IsOk()
    {
        SkipWithoutShim();

        Programs.Outcome outcome = await Programs.Run("python3", ["samples/python/saxpy.py", Ptx], ShimEnvironment());

        Assert.True(outcome.ExitCode == 0, outcome.Errors);
        Assert.StartsWith("OK", outcome.Output);
    }

    private static void SkipWithoutShim() => Assert.SkipUnless(
        File.Exists(Path.Combine(s_shim, "libcuda.so.1")), "The shim is not built: run ./run build");

    private (string Name, string Value)[] ShimEnvironment() => [("LD_LIBRARY_PATH", s_shim), ("CUDARPC_SERVER", server.Url)];
}
