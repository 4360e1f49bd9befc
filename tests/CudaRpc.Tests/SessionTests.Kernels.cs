using CudaRpc.Driver;

namespace CudaRpc.Tests;

public abstract partial class SessionTests
{
    [Fact]
    public void Launch_Saxpy_ComputesIt()
    {
        const int Length = 5000;
        using CudaModule module = Load("saxpy");
        CudaKernel saxpy = module.GetKernel("saxpy");
        float[] x = [.. Enumerable.Range(0, Length).Select(i => i * 0.5f)], y = [.. Enumerable.Range(0, Length).Select(i => 1f + i)];
        using DeviceMemory<float> deviceX = _context.Allocate(x), deviceY = _context.Allocate(y);
        saxpy.Launch(LaunchConfiguration.ForElements(Length), Length, 2f, deviceX, deviceY);
        Assert.Equal(x.Zip(y, (left, right) => (2f * left) + right), deviceY.ToArray());
    }

    [Fact]
    public void LaunchPacked_Saxpy_ComputesIt()
    {
        using CudaModule module = Load("saxpy");
        using DeviceMemory<float> x = _context.Allocate([1f, 2f]), y = _context.Allocate([3f, 4f]);
        module.GetKernel("saxpy").LaunchPacked(new LaunchConfiguration(1, 2), new Saxpy(2, 10f, x.Address, y.Address));
        Assert.Equal([13f, 24f], y.ToArray());
    }

    [Fact]
    public async Task Launch_InStreams_RunInOrderWithCopies()
    {
        const int Length = 1 << 14;
        using CudaModule module = Load("vector_add");
        CudaKernel add = module.GetKernel("vector_add");
        using CudaStream stream = _context.CreateStream(nonBlocking: true);
        using DeviceMemory<float> one = _context.Allocate<float>(Length), sum = _context.Allocate<float>(Length);
        float[] back = new float[Length];
        one.Fill(1f, stream);
        sum.Clear(stream);
        for (int i = 0; i < 10; i++) add.Launch(LaunchConfiguration.ForElements(Length, stream: stream), sum, one, sum, Length);
        await sum.CopyToAsync(back, stream);
        Assert.All(back, value => Assert.Equal(10f, value));
    }

    [Fact]
    public void Launch_WrongArguments_IsRefusedBeforeItIsSent()
    {
        using CudaModule module = Load("saxpy");
        CudaKernel saxpy = module.GetKernel("saxpy");
        using DeviceMemory<float> x = _context.Allocate<float>(1);
        Assert.Equal([4, 4, 8, 8], saxpy.Parameters!.Select(parameter => parameter.Size));
        Assert.Throws<ArgumentException>(() => saxpy.Launch(new LaunchConfiguration(1, 1), 1, 2f, x));
        Assert.Throws<ArgumentException>("argument1", () => saxpy.Launch(new LaunchConfiguration(1, 1), 1, 2.0, x, x));
    }

    [Fact]
    public void Launch_ImpossibleConfiguration_Throws()
    {
        using CudaModule module = Load("saxpy");
        using DeviceMemory<float> x = _context.Allocate<float>(1);
        var failure = Assert.Throws<CudaException>(() =>
        {
            module.GetKernel("saxpy").Launch(new LaunchConfiguration(1, 100_000), 1, 2f, x, x);
            _context.Synchronize();
        });
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, failure.Result);
        Assert.Contains("cuLaunchKernel", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Synchronize_KernelLeavesItsMemory_ReportsIllegalAddress()
    {
        using CudaModule module = Load("saxpy");
        CudaKernel saxpy = module.GetKernel("saxpy");
        using DeviceMemory<float> x = _context.Allocate<float>(64);
        saxpy.Launch(LaunchConfiguration.ForElements(1 << 20), 1 << 20, 2f, x, x);
        var failure = Assert.Throws<CudaException>(_context.Synchronize);
        Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, failure.Result);
    }

    [Fact]
    public void GetGlobal_Constant_CanBeWritten()
    {
        using CudaModule module = Load("conv2d");
        DeviceMemory<float> filter = module.GetGlobal<float>("conv2d_filter");
        float[] values = [.. Enumerable.Range(0, 25).Select(i => (float)i)];
        filter.CopyFrom(values);
        Assert.Equal(values, filter.ToArray());
        Assert.Throws<CudaException>(() => module.GetGlobal<float>("nosuch"));
    }

    [Fact]
    public void LoadModule_BadText_SaysWhere()
    {
        var failure = Assert.Throws<CudaException>(() => _context.LoadModule(".version 8.0\n.target sm_70\n.address_size 64\nnonsense\n"));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_PTX, failure.Result);
        Assert.Contains("4", failure.Message[failure.Message.IndexOf('\n', StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public void GetKernel_UnknownName_Throws()
    {
        using CudaModule module = Load("saxpy");
        Assert.Equal(CUresult.CUDA_ERROR_NOT_FOUND, Assert.Throws<CudaException>(() => module.GetKernel("nosuch")).Result);
    }

    [Fact]
    public void Kernel_AttributesAndOccupancy_AreThere()
    {
        using CudaModule module = Load("saxpy");
        CudaKernel saxpy = module.GetKernel("saxpy");
        Assert.True(saxpy.GetAttribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK) >= 256);
        Assert.True(saxpy.GetMaxActiveBlocks(256) >= 1);
    }

    private CudaModule Load(string name) => _context.LoadModuleFile(Path.Combine(AppContext.BaseDirectory, "kernels", name + ".ptx"));

    private readonly record struct Saxpy(int N, float A, CUdeviceptr X, CUdeviceptr Y);
}
