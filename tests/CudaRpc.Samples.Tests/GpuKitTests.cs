using System.Runtime.InteropServices;

namespace CudaRpc.Samples.Tests;

/// <summary>The GPU kit where there is no GPU.</summary>
public sealed class GpuKitTests
{
    [Fact(Timeout = 60_000)]
    public async Task Run_NoDriver_FailsAndSaysSo()
    {
        Assert.SkipWhen(NativeLibrary.TryLoad("libcuda.so.1", out _), "This machine has an NVIDIA driver.");

        Programs.Outcome outcome = await Programs.Run(Path.Combine(Programs.Root, "tests/gpu/run"), []);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("CANNOT RUN: no NVIDIA driver", outcome.Errors);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("print('{\"values\": [1.0], \"first\": 1, \"step\": null}')", "same", 0)]
    [InlineData("print('{\"values\": [%d], \"first\": 1, \"step\": null}' % ('unix' in os.environ['CUDARPC_SERVER']))", "DIFFERENT", 1)]
    [InlineData("sys.exit('unix' in os.environ['CUDARPC_SERVER']) or print('PASS')", "not comparable", 0)]
    [InlineData("sys.exit(77)", "absent", 0)]
    public async Task Programs_RunTwice_AreCompared(string program, string outcome, int exitCode)
    {
        DirectoryInfo kit = Directory.CreateTempSubdirectory("cudarpc-kit-");
        try
        {
            File.Copy(Path.Combine(Programs.Root, "tests/gpu/programs/run.py"), Path.Combine(kit.FullName, "run.py"));
            File.WriteAllText(Path.Combine(kit.FullName, "program.py"), $"import os, sys\n{program}\n");

            Programs.Outcome result = await Programs.Run("python3", [Path.Combine(kit.FullName, "run.py"), kit.FullName, "unix:///s", "sim:"]);

            Assert.Contains($"\"outcome\": \"{outcome}\"", result.Output);
            Assert.Equal(exitCode, result.ExitCode);
        }
        finally
        {
            kit.Delete(recursive: true);
        }
    }
}
