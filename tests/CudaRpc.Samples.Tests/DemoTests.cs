using System.Diagnostics;
using System.Text.Json;

namespace CudaRpc.Samples.Tests;

/// <summary>The README's first command, less the build.</summary>
public sealed class DemoTests
{
    private const string Server = "CudaRpc.Server";

    [Fact(Timeout = 180_000)]
    public async Task Demo_OwnServer_VerifiesEveryKernel()
    {
        Programs.Outcome demo = await Programs.RunDotNet(Server, "demo", "--json");

        Assert.True(demo.ExitCode == 0, demo.Errors + demo.Output);
        JsonElement report = JsonDocument.Parse(demo.Output).RootElement;
        string[] sources = Directory.GetFiles(Path.Combine(Programs.Root, "samples/kernels"), "*.cu");
        JsonElement[] kernels = [.. report.GetProperty("kernels").EnumerateArray()];
        Assert.Equal(
            sources.Select(source => Path.GetFileNameWithoutExtension(source)).Order(),
            kernels.Select(kernel => kernel.GetProperty("name").GetString()).Order());
        Assert.All(kernels, kernel => Assert.True(kernel.GetProperty("verified").GetBoolean(), kernel.GetRawText()));
        Assert.All(kernels, kernel => Assert.True(kernel.GetProperty("posted").GetInt64() > 0, kernel.GetRawText()));
    }

    [Fact(Timeout = 60_000)]
    public async Task Demo_NoSuchServer_FailsAndNamesIt()
    {
        string url = $"unix://{Path.GetTempPath()}cudarpc-no-such-server.sock";

        Programs.Outcome demo = await Programs.RunDotNet(Server, "demo", "--server", url);

        Assert.Equal(1, demo.ExitCode);
        Assert.Contains(url, demo.Errors);
    }

    [Fact(Timeout = 60_000)]
    public async Task Demo_WhoseServerIsKilled_FailsWithOneLineThatNamesIt()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("cudarpc-killed-");
        string url = $"unix://{folder.FullName}/socket";
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, $"{Server}.dll"), "serve", "--driver", "simulated", "--listen", url];
        using var server = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            Assert.Equal($"listening {url}", await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
            Task<Programs.Outcome> running = Programs.RunDotNet(Server, "demo", "--repeat", "1000000", "--server", url);
            while (!(await server.StandardError.ReadLineAsync(TestContext.Current.CancellationToken))!.Contains("opened by", StringComparison.Ordinal))
            {
            }

            server.Kill();
            Programs.Outcome demo = await running;

            Assert.Equal((1, ""), (demo.ExitCode, demo.Output));
            Assert.Matches($"^cudarpc demo: [^\n]*{url}[^\n]*\n$", demo.Errors);
        }
        finally
        {
            server.Kill();
            folder.Delete(recursive: true);
        }
    }
}
