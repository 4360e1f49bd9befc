using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed class OccupancyTests
{
    // Expected values worked out by hand from the limits of compute capability 9.0.
    [Theory]
    [InlineData(1024, 32, 0, 0, 2)] // threads
    [InlineData(256, 32, 0, 0, 8)]
    [InlineData(96, 32, 0, 0, 21)]
    [InlineData(32, 32, 0, 0, 32)] // blocks
    [InlineData(256, 64, 0, 0, 4)] // registers
    [InlineData(256, 40, 0, 0, 6)]
    [InlineData(1, 255, 0, 0, 8)]
    [InlineData(64, 32, 48 << 10, 0, 4)] // shared memory
    [InlineData(64, 32, 1000, 99 << 10, 2)]
    [InlineData(64, 32, 0, 227 << 10, 1)]
    [InlineData(64, 32, 0, (227 << 10) + 1, 0)]
    [InlineData(1025, 32, 0, 0, 0)]
    public void Blocks_AreLimitedByTheScarcestResource(int blockSize, int registers, int shared, int dynamicShared, int expected)
    {
        // Kernels that declare a small block may have many registers.
        var kernel = new PtxKernel("k", null!) { Registers = registers, SharedBytes = shared, MaxThreads = registers > 64 ? 32 : 0 };

        Assert.Equal(expected, Occupancy.BlocksPerMultiprocessor(new KernelTraits(kernel), blockSize, (nuint)dynamicShared));
    }

    [Theory]
    [InlineData(0, 200, 64)]
    [InlineData(1024, 200, 64)]
    [InlineData(256, 200, 200)]
    [InlineData(64, 900, 255)]
    [InlineData(1000, 900, 64)]
    [InlineData(0, 0, 1)]
    public void Registers_AreNeverSoManyThatTheLargestBlockCannotRun(int maxThreads, int wanted, int expected)
    {
        var traits = new KernelTraits(new PtxKernel("k", null!) { Registers = wanted, MaxThreads = maxThreads });

        Assert.Equal(expected, traits.Registers);
        Assert.True(Occupancy.BlocksPerMultiprocessor(traits, traits.MaxThreads, 0) > 0);
    }

    [Theory]
    [InlineData(1, 0, 227 << 10)]
    [InlineData(2, 0, 113 << 10)]
    [InlineData(4, 1024, 55 << 10)]
    [InlineData(32, 48 << 10, 0)]
    public void DynamicShared_IsWhatIsLeftOfEachBlocksShare(int blocks, int shared, int expected)
    {
        var traits = new KernelTraits(new PtxKernel("k", null!) { Registers = 32, SharedBytes = shared });

        Assert.Equal((nuint)expected, Occupancy.DynamicShared(traits, blocks));
    }
}
