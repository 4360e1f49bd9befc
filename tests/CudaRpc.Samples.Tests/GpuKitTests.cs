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
}
