using CudaRpc.Driver;

namespace CudaRpc.Generator.Tests;

/// <summary>The generated driver over a library that is there but is no CUDA driver.</summary>
public sealed class NativeDriverTests
{
    [Fact]
    public unsafe void Function_ThatTheLibraryLacks_IsNotSupported()
    {
        NativeDriver driver = new("libc.so.6");
        int count = -1;

        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, driver.cuInit(0));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, driver.cuDeviceGetCount(&count));
        Assert.Equal(-1, count);
        Assert.False(driver.Has("cuInit"));
        Assert.True(driver.Has("malloc"));
    }

    [Fact]
    public void Library_ThatIsNotThere_IsAnExceptionThatNamesIt()
    {
        DllNotFoundException missing = Assert.Throws<DllNotFoundException>(() => new NativeDriver("/nowhere/libcuda.so.1"));

        Assert.Contains("/nowhere/libcuda.so.1", missing.Message);
    }

    [Theory]
    [InlineData("/bin/ls")]
    [InlineData("/bin/no-such-file")]
    [InlineData("libno-such-file.so.1")]
    public void Library_ThatDoesNotLoad_IsOneLineThatSaysWhy(string path)
    {
        DllNotFoundException failure = Assert.Throws<DllNotFoundException>(() => new NativeDriver(path));

        Assert.StartsWith($"there is no CUDA driver {path}: cannot ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }
}
