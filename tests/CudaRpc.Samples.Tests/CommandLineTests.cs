namespace CudaRpc.Samples.Tests;

/// <summary>What is typed wrong, whichever command it is: one line that names it, exit code 1, and nothing on standard output.</summary>
public sealed class CommandLineTests
{
    [Theory(Timeout = 60_000)]
    [InlineData("cudarpc: unexpected 'sreve'", "sreve")]
    [InlineData("cudarpc serve: unexpected '--colour'", "serve", "--colour")]
    [InlineData("cudarpc trace show: unexpected '--colour'", "trace", "show", "--colour", "file")]
    [InlineData("cudarpc serve: --memory takes a number from 1 to 1048576, not 1e400", "serve", "--memory", "1e400")]
    [InlineData("cudarpc serve: Argument 'gpu' not recognized. Must be one of: 'native' 'simulated' 'null'", "serve", "--driver", "gpu")]
    [InlineData("cudarpc serve: --libcuda cannot be empty", "serve", "--libcuda", "")]
    [InlineData("cudarpc serve: cannot listen at shm:///no/such: there is no folder /no", "serve", "--listen", "shm:///no/such")]
    [InlineData("cudarpc serve: nobody can connect to sim:; a server listens at tcp://", "serve", "--driver", "simulated", "--listen", "sim:")]
    [InlineData("cudarpc serve: cannot find no.invalid: ", "serve", "--driver", "null", "--insecure", "--listen", "tcp://no.invalid:5")]
    [InlineData("cudarpc devices: there is no CUDA driver /bin/ls: ", "devices", "--server", "native:/bin/ls")]
    [InlineData("cudarpc workload: --batch changes nothing of sync-heavy", "workload", "sync-heavy", "--batch", "3")]
    [InlineData("cudarpc workload: --prefetch changes nothing of gpt2-inference", "workload", "gpt2-inference", "--prefetch")]
    [InlineData("cudarpc workload: --sequence changes nothing of resnet50-training", "workload", "resnet50-training", "--sequence", "9")]
    [InlineData("cudarpc trace show: /usr is a folder, and no trace", "trace", "show", "/usr")]
    [InlineData("cudarpc bench: --shim takes exactly one --server", "bench", "--shim", "x")]
    [InlineData("cudarpc workload: --steps takes a number from 1 to 1000000, not many", "workload", "sync-heavy", "--steps", "many")]
    [InlineData("cudarpc model: FILE cannot be empty", "model", "", "--rtt", "1us")]
    [InlineData("cudarpc trace: --shim cannot be empty", "trace", "--shim", "", "--", "true")]
    [InlineData("cudarpc trace show: FILE cannot be empty", "trace", "show", "")]
    [InlineData("cudarpc trace show: Required argument missing for command: 'show'", "trace", "show")]
    [InlineData("cudarpc trace export: Argument 'pdf' not recognized", "trace", "export", "x", "--format", "pdf")]
    public async Task Command_TypedWrong_IsOneLine(string expected, params string[] arguments)
    {
        Programs.Outcome refused = await Programs.RunDotNet("CudaRpc.Server", arguments);

        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.StartsWith(expected, Assert.Single(refused.Errors.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("coverage")]
    [InlineData("workload --list")]
    [InlineData("doctor --server sim:")]
    [InlineData("--help")]
    public async Task Output_ThatIsFull_IsOneLine(string arguments)
    {
        string command = $"dotnet {Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll")} {arguments} >/dev/full";

        Programs.Outcome outcome = await Programs.Run("sh", ["-c", command]);

        Assert.Equal(1, outcome.ExitCode);
        Assert.EndsWith("No space left on device", Assert.Single(outcome.Errors.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Output_ThatMayNotGrowSoLarge_IsOneLineAndLeavesNothing()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("cudarpc-limit-");
        try
        {
            string trace = Path.Combine(folder.FullName, "run.cudatrace"), page = Path.Combine(folder.FullName, "page.html");
            string cudarpc = Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll");
            string[] workload = [cudarpc, "workload", "object-heavy", "--steps", "1", "--server", "sim:"];
            Assert.Equal(0, (await Programs.Run("dotnet", workload, ("CUDARPC_TRACE", trace))).ExitCode);

            // The runtime itself wants files of gigabytes, unless it is told not to map code twice.
            string command = $"ulimit -f 8; dotnet {cudarpc} trace show {trace} --html {page}";
            Programs.Outcome outcome = await Programs.Run("sh", ["-c", command], ("DOTNET_EnableWriteXorExecute", "0"));

            Assert.Equal((1, $"cudarpc trace show: {page} may not grow so large (ulimit -f)\n"), (outcome.ExitCode, outcome.Errors));
            Assert.Equal([trace], Directory.GetFiles(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Command_WithoutAnything_ShowsTheCommands()
    {
        Programs.Outcome outcome = await Programs.RunDotNet("CudaRpc.Server");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("serve", outcome.Output, StringComparison.Ordinal);
    }
}
