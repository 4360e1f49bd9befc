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

    // A program of the GPU kit, which checks what it is given against the CPU.
    [Fact]
    public void KitsCufftProgram_ThroughAServer_FindsItsTransformsRight()
    {
        using var server = new LibraryServer(takesMachineCode: false);
        Outcome outcome = RunOfKit("cufft_transforms", server);
        Assert.Equal("", outcome.Errors);
        Assert.Contains("\"values\": [", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(0, outcome.ExitCode);
    }

    // cuBLAS's kernels are machine code, for which this device does nothing: the program must not take that for products.
    [Fact]
    public void KitsCublasProgram_WhereKernelsDoNothing_Fails()
    {
        using var server = new LibraryServer(takesMachineCode: true);
        Outcome outcome = RunOfKit("cublas_products", server);
        Assert.Contains("cublas_products.cu", outcome.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("values", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(1, outcome.ExitCode);
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

    private static Outcome Run(string library, LibraryServer server) => RunProgram($"libraries/{library}", server);

    private static Outcome RunOfKit(string program, LibraryServer server) => RunProgram($"../gpu/programs/{program}", server);

    private static Outcome RunProgram(string program, LibraryServer server)
    {
        Outcome outcome = Corpus.Run(program, Variant.Static, server.Url);
        (int calls, int roundTrips) = server.Counts;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{calls} calls, {roundTrips} waited for; launched {string.Join(", ", server.Launches)}\n{outcome.Output}{outcome.Errors}{string.Join('\n', server.DriverLog)}");
        return outcome;
    }
}
