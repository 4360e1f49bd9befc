using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace CudaRpc.Kernels.Tests;

/// <summary>The checked-in PTX against its sources.</summary>
public sealed class PtxTests
{
    [Fact]
    public void Ptx_CompiledAgain_IsWhatIsCheckedIn()
    {
        string libraries = Path.Combine(CacheDirectory(), "trixie/usr/lib/x86_64-linux-gnu");
        string nvrtc = Path.Combine(libraries, "libnvrtc.so.12");
        Assert.SkipUnless(
            File.Exists(nvrtc) && File.Exists(Path.Combine(libraries, "libnvrtc-builtins.so.12.4")),
            "NVRTC is not there: run tests/cuda-packages fetch libnvrtc12 libnvrtc-builtins12.4");

        string kernels = Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../samples/kernels");
        DirectoryInfo copy = Directory.CreateTempSubdirectory("cudarpc-ptx-");
        try
        {
            string[] sources = [.. KernelSamples.All.Select(sample => Path.Combine(copy.FullName, $"{sample.Name}.cu"))];
            foreach (string source in sources)
            {
                File.Copy(Path.Combine(kernels, Path.GetFileName(source)), source);
            }

            Compile(Path.Combine(kernels, "nvrtc.py"), libraries, nvrtc, sources);

            Assert.All(KernelSamples.All, sample =>
                Assert.Equal(File.ReadAllText(Path.Combine(copy.FullName, $"{sample.Name}.ptx")), sample.ReadPtx()));
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static void Compile(string script, string libraries, string nvrtc, string[] sources)
    {
        ProcessStartInfo start = new("python3", [script, nvrtc, .. sources]) { RedirectStandardError = true };
        start.Environment["LD_LIBRARY_PATH"] = libraries;
        using Process python = Process.Start(start)!;
        string errors = python.StandardError.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, errors);
    }

    // As tests/cuda-packages has it.
    private static string CacheDirectory()
    {
        string? home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(home))
        {
            home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        }

        string? cache = Environment.GetEnvironmentVariable("CUDARPC_CACHE");
        return string.IsNullOrEmpty(cache) ? Path.Combine(home, "cudarpc") : cache;
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
