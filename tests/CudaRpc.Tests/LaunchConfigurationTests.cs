namespace CudaRpc.Tests;

public sealed class LaunchConfigurationTests
{
    [Theory]
    [InlineData(1, 256, 1)]
    [InlineData(256, 256, 1)]
    [InlineData(257, 256, 2)]
    [InlineData(1L << 32, 1024, 1 << 22)]
    public void ForElements_Count_RoundsUpToBlocks(long elements, int blockSize, int blocks)
    {
        LaunchConfiguration configuration = LaunchConfiguration.ForElements(elements, blockSize);
        Assert.Equal(new Dim3(blocks), configuration.Grid);
        Assert.Equal(new Dim3(blockSize), configuration.Block);
    }

    [Theory]
    [InlineData(0, 256)]
    [InlineData(1, 0)]
    [InlineData(long.MaxValue, 1)]
    public void ForElements_OutOfRange_Throws(long elements, int blockSize) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => LaunchConfiguration.ForElements(elements, blockSize));

    [Fact]
    public void Dim3_Tuples_Convert()
    {
        Assert.Equal(new Dim3(2, 3, 1), (2, 3));
        Assert.Equal(new Dim3(2, 3, 4), (2, 3, 4));
    }
}
