namespace CudaRpc.Programs.Tests;

/// <summary>NVIDIA's libraries, unmodified, each with a CUDA runtime of its own, through a server.</summary>
public sealed class LibraryTests
{
    // They have PTX for all their kernels that are needed here.
    [Theory]
    [InlineData("cufft")]
    [InlineData("curand")]
    [InlineData("cusparse")]
    public void Library_WithPtx_ComputesRight(string library)
    {
        using var server = new LibraryServer(takesMachineCode: false);
        Outcome outcome = Run(library, server);
        Assert.Equal(0, outcome.ExitCode);
        Assert.EndsWith("right\n", outcome.Output, StringComparison.Ordinal);
        Assert.NotEmpty(server.Launches);
    }

    // The product is one of kernels that cuBLAS has as machine code only.
    [Fact]
    public void Cublas_OnSimulatedDevice_IsRefusedForItsMachineCode()
    {
        using var server = new LibraryServer(takesMachineCode: false);
        Outcome outcome = Run("cublas", server);
        Assert.Contains("create 0", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("sgemm 0", outcome.Output, StringComparison.Ordinal);
        Assert.Contains(server.DriverLog, static line => line.Contains("CUDA_ERROR_NO_BINARY_FOR_GPU", StringComparison.Ordinal));
    }

    // On a GPU that takes the code, and does nothing for it, every step succeeds and the kernel arrives. Three runtimes start: the program's,
    // cuBLAS's and cuBLASLt's; their questions are answered by the client.
    [Fact]
    public void Cublas_OnRecordingDevice_LaunchesItsKernelAfterFewRoundTrips()
    {
        using var server = new LibraryServer(takesMachineCode: true);
        Outcome outcome = Run("cublas", server);
        Assert.Contains("sgemm 0", outcome.Output, StringComparison.Ordinal);
        Assert.Contains(server.Launches, static kernel => kernel.Contains("gemm", StringComparison.OrdinalIgnoreCase));
        (int calls, int roundTrips) = server.Counts;
        Assert.True(roundTrips <= 120, $"{calls} calls, {roundTrips} waited for");
    }

    // What cuSOLVER needs beyond its own creation is refused for what the simulator lacks.
    [Fact]
    public void Cusolver_OnSimulatedDevice_IsCreated()
    {
        using var server = new LibraryServer(takesMachineCode: false);
        Assert.StartsWith("create 0", Run("cusolver", server).Output, StringComparison.Ordinal);
    }

    private static Outcome Run(string library, LibraryServer server)
    {
        Outcome outcome = Corpus.Run($"libraries/{library}", Variant.Static, server.Url);
        (int calls, int roundTrips) = server.Counts;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{calls} calls, {roundTrips} waited for; launched {string.Join(", ", server.Launches)}\n{outcome.Output}{outcome.Errors}{string.Join('\n', server.DriverLog)}");
        return outcome;
    }
}
