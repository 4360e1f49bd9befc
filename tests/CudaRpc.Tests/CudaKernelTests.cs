using CudaRpc.Driver;

namespace CudaRpc.Tests;

public sealed class CudaKernelTests
{
    private static readonly LaunchConfiguration s_one = new(1, 1);

    [Fact]
    public void Launch_Arguments_ArriveAsGiven()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(8, 4, 8, 1);
        using DeviceMemory<float> memory = fake.Context.Allocate<float>(4);
        kernel.Launch(s_one, memory, 7, 1.5, true);
        Assert.Equal(BitConverter.GetBytes(memory.Address.Value), fake.Driver.LaunchedArguments[0]);
        Assert.Equal(BitConverter.GetBytes(7), fake.Driver.LaunchedArguments[1]);
        Assert.Equal(BitConverter.GetBytes(1.5), fake.Driver.LaunchedArguments[2]);
        Assert.Equal([1], fake.Driver.LaunchedArguments[3]);
    }

    [Fact]
    public void Launch_EightArguments_KeepTheirOrder()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(4, 4, 4, 4, 4, 4, 4, 4);
        kernel.Launch(s_one, 0, 1, 2, 3, 4, 5, 6, 7);
        Assert.Equal(Enumerable.Range(0, 8), fake.Driver.LaunchedArguments.Select(argument => BitConverter.ToInt32(argument)));
    }

    [Fact]
    public void Launch_WrongCount_ThrowsBeforeLaunching()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(8, 4);
        var failure = Assert.Throws<ArgumentException>(() => kernel.Launch(s_one, 1L));
        Assert.Equal("Kernel 'test' takes 2 parameters, 1 given.", failure.Message);
        Assert.Throws<ArgumentException>(() => kernel.Launch(s_one));
        Assert.Empty(fake.Driver.Calls);
    }

    [Fact]
    public void Launch_WrongSize_NamesIndexAndBothSizes()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(8, 4);
        var failure = Assert.Throws<ArgumentException>("argument1", () => kernel.Launch(s_one, 1L, 2L));
        Assert.StartsWith(
            "Parameter 1 of kernel 'test' has 4 bytes, the System.Int64 given has 8.", failure.Message, StringComparison.Ordinal);
        Assert.Empty(fake.Driver.Calls);
    }

    [Fact]
    public void Launch_MemoryForScalar_Throws()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(4);
        using DeviceMemory<int> memory = fake.Context.Allocate<int>(1);
        Assert.Throws<ArgumentException>("argument0", () => kernel.Launch(s_one, memory));
    }

    [Fact]
    public void Launch_NeitherDataNorMemory_Throws()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(8);
        Assert.Throws<ArgumentException>("argument0", () => kernel.Launch(s_one, "text"));
        Assert.Throws<ArgumentException>("argument0", () => kernel.Launch(s_one, (DeviceMemory<int>?)null));
        Assert.Throws<ArgumentException>("argument0", () => kernel.Launch(s_one, new KeyValuePair<string, int>("a", 1)));
        Assert.Empty(fake.Driver.Calls);
    }

    [Fact]
    public void Launch_MemoryOfOtherSession_Throws()
    {
        using var fake = new FakeSession();
        using var other = new FakeSession();
        using DeviceMemory<int> memory = other.Context.Allocate<int>(1);
        CudaKernel kernel = fake.Kernel(8);
        Assert.Throws<ArgumentException>("argument0", () => kernel.Launch(s_one, memory));
    }

    [Fact]
    public void Launch_DisposedThings_Throw()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(8);
        DeviceMemory<int> memory = fake.Context.Allocate<int>(1);
        CudaStream stream = fake.Context.CreateStream();
        memory.Dispose();
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel.Launch(s_one, memory));
        Assert.Throws<ObjectDisposedException>(() => kernel.Launch(s_one with { Stream = stream }, 1L));
        kernel.Module.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel.Launch(s_one, 1L));
        Assert.DoesNotContain("cuLaunchKernel", fake.Driver.Calls);
    }

    [Fact]
    public void Launch_OldDriver_DoesNotCheck()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(null);
        Assert.Null(kernel.Parameters);
        fake.Driver.ParameterSizes = [4];
        kernel.Launch(s_one, 5);
        Assert.Equal(BitConverter.GetBytes(5), Assert.Single(fake.Driver.LaunchedArguments));
        Assert.Throws<NotSupportedException>(() => kernel.LaunchPacked(s_one, 5));
    }

    [Fact]
    public void Launch_Fails_NamesFunctionAndResult()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel();
        fake.Driver.Fail("cuLaunchKernel", CUresult.CUDA_ERROR_INVALID_VALUE);
        var failure = Assert.Throws<CudaException>(() => kernel.Launch(new LaunchConfiguration(0, 0)));
        Assert.Equal(("cuLaunchKernel", CUresult.CUDA_ERROR_INVALID_VALUE), (failure.Function, failure.Result));
    }

    [Fact]
    public void Launch_Cooperative_UsesItsFunction()
    {
        using var fake = new FakeSession();
        fake.Kernel(4).Launch(s_one with { Cooperative = true }, 1);
        Assert.Equal(["cuLaunchCooperativeKernel"], fake.Driver.Calls);
    }

    [Fact]
    public void LaunchPacked_Struct_IsTakenApart()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(4, 8, 4);
        kernel.LaunchPacked(s_one, new Parameters(1, 2, 3));
        Assert.Equal([(0, 4), (8, 8), (16, 4)], kernel.Parameters!.Select(parameter => (parameter.Offset, parameter.Size)));
        Assert.Equal(BitConverter.GetBytes(2L), fake.Driver.LaunchedArguments[1]);
        Assert.Equal(BitConverter.GetBytes(3), fake.Driver.LaunchedArguments[2]);
    }

    [Fact]
    public void LaunchPacked_UnsuitableStruct_Throws()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(4, 8, 4);
        Assert.Throws<ArgumentException>("parameters", () => kernel.LaunchPacked(s_one, 1L));
        Assert.Throws<ArgumentException>("parameters", () => kernel.LaunchPacked(s_one, (1, 2L, 3)));
        Assert.Empty(fake.Driver.Calls);
    }

    [Fact]
    public void Launch_ManyTimes_AllocatesNothing()
    {
        using var fake = new FakeSession();
        CudaKernel kernel = fake.Kernel(8, 8, 4, 4);
        using DeviceMemory<float> x = fake.Context.Allocate<float>(4);
        using CudaStream stream = fake.Context.CreateStream();
        fake.Driver.Recording = false;
        LaunchConfiguration configuration = LaunchConfiguration.ForElements(4, stream: stream);
        for (int warm = 0; warm < 100; warm++) kernel.Launch(configuration, x, x, 1f, 4);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int launch = 0; launch < 1000; launch++) kernel.Launch(configuration, x, x, 1f, 4);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private readonly record struct Parameters(int A, long B, int C);
}
