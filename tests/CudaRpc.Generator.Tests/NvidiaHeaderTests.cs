using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Tests;

/// <summary>
/// NVIDIA's own cuda.h instead of ours. It is not part of the repository: CUDARPC_CUDA_INCLUDE names the folder it is in, or
/// <c>tests/cuda-packages fetch nvidia-cuda-dev</c> puts one (12.4) into the cache.
/// </summary>
public sealed class NvidiaHeaderTests
{
    [Theory]
    [InlineData("trixie")]
    [InlineData("bookworm")]
    public void Generate_NvidiaHeader_CompilesWithoutWarnings(string suite)
    {
        GeneratorRun run = new GeneratorRun(
            Header(suite), Repository.Read("headers", "cuda.rules"), GeneratorRun.AllRoles, Repository.Read("headers", "cuda.h")).Run();

        Assert.Empty(run.Diagnostics);
        Assert.Empty(run.Compile([.. HandWritten.Sources, HandWritten.Custom(run)]));
    }

    [Fact]
    public void Read_NvidiaHeader_HasNothingThatOursDeclaresOtherwise()
    {
        CApi theirs = HeaderInputs.Read(Header("trixie"));
        CApi ours = HeaderInputs.Read(Repository.Read("headers", "cuda.h"));

        // Names of parameters differ between the views of NVIDIA's header; signatures do not.
        Assert.Empty(theirs.Functions.Select(Signature.Of).Except(ours.Functions.Select(Signature.Of)));
        Assert.Empty(theirs.Handles.Except(ours.Handles));
        Assert.Empty(theirs.DevicePointers.Except(ours.DevicePointers));
    }

    private static string Header(string suite)
    {
        string cache = Environment.GetEnvironmentVariable("CUDARPC_CACHE")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "cudarpc");
        string folder = Environment.GetEnvironmentVariable("CUDARPC_CUDA_INCLUDE") ?? Path.Combine(cache, suite, "usr", "include");
        string path = Path.Combine(folder, "cuda.h");
        Assert.SkipUnless(
            File.Exists(path),
            $"no {path}: set CUDARPC_CUDA_INCLUDE to a toolkit's include folder, or run tests/cuda-packages fetch nvidia-cuda-dev={suite}");
        return File.ReadAllText(path);
    }
}
