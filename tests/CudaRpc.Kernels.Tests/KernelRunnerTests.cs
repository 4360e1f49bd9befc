namespace CudaRpc.Kernels.Tests;

/// <summary>Every sample on the simulated GPU in this process.</summary>
public sealed class KernelRunnerTests
{
    [Theory]
    [MemberData(nameof(KernelSampleTests.Names), MemberType = typeof(KernelSampleTests))]
    public void Run_RaggedSizeOnTheSimulatedGpu_Verifies(string name)
    {
        KernelSample sample = KernelSamples.All.Single(candidate => candidate.Name == name);
        using CudaSession session = CudaSession.Connect("sim:");
        using CudaContext context = session.Devices[0].CreateContext();

        KernelResult result = KernelRunner.Run(context, sample, sample.TestSize);

        Assert.True(result.Verified, $"error {result.MaxError}, tolerance {result.Tolerance}");
    }

    [Fact]
    public void Run_AllSamplesOnTheSimulatedGpu_FreesItsMemory()
    {
        using CudaSession session = CudaSession.Connect("sim:");
        using CudaContext context = session.Devices[0].CreateContext();
        long free = context.GetMemoryInfo().Free;

        foreach (KernelSample sample in KernelSamples.All)
        {
            KernelRunner.Run(context, sample, sample.TestSize);
        }

        Assert.Equal(free, context.GetMemoryInfo().Free);
    }
}
