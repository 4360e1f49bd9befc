using CudaRpc.Driver;

namespace CudaRpc.Tests;

public sealed class CudaModuleTests
{
    [Fact]
    public void LoadModule_Refused_MessageHasTheCompilersLog()
    {
        using var fake = new FakeSession();
        fake.Driver.CompilerLog = "ptxas: line 3: syntax error";
        fake.Driver.Fail("cuModuleLoadDataEx", CUresult.CUDA_ERROR_INVALID_PTX);
        var failure = Assert.Throws<CudaException>(() => fake.Context.LoadModule("nonsense"));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_PTX, failure.Result);
        Assert.EndsWith("ptxas: line 3: syntax error", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadModule_CutShort_IsRefused()
    {
        using var fake = new FakeSession();
        Assert.Throws<ArgumentException>("image", () => fake.Context.LoadModule("\u007fELF and nothing else"u8));
        Assert.Empty(fake.Driver.Calls);
    }

    [Theory]
    [InlineData(".version 8.0")]
    [InlineData(".version 8.0\0")]
    public void LoadModule_Text_ReachesTheDriverWithItsEnd(string ptx)
    {
        using var fake = new FakeSession();
        fake.Context.LoadModule(System.Text.Encoding.UTF8.GetBytes(ptx));
        Assert.Equal(".version 8.0", fake.Driver.LoadedText);
    }

    [Fact]
    public void GetKernel_UnknownName_NamesIt()
    {
        using var fake = new FakeSession();
        using CudaModule module = fake.Context.LoadModule(".version 8.0"u8);
        fake.Driver.Fail("cuModuleGetFunction", CUresult.CUDA_ERROR_NOT_FOUND);
        var failure = Assert.Throws<CudaException>(() => module.GetKernel("nosuch"));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_FOUND, failure.Result);
        Assert.Contains("'nosuch'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetGlobal_Size_GivesLength()
    {
        using var fake = new FakeSession();
        CudaModule module = fake.Context.LoadModule(".version 8.0");
        DeviceMemory<long> global = module.GetGlobal<long>("table");
        Assert.Equal(3, global.Length);
        Assert.Throws<InvalidOperationException>(() => module.GetGlobal<decimal>("table"));
        global.Dispose();
        Assert.False(global.IsDisposed);
        module.Dispose();
        Assert.True(global.IsDisposed);
    }

    [Fact]
    public void LoadModuleFile_NoFile_Throws()
    {
        using var fake = new FakeSession();
        Assert.ThrowsAny<IOException>(() => fake.Context.LoadModuleFile("/nonexistent/kernels.ptx"));
        Assert.Empty(fake.Driver.Calls);
    }

    [Fact]
    public void Dispose_Twice_UnloadsOnce()
    {
        using var fake = new FakeSession();
        CudaModule module = fake.Context.LoadModule(".version 8.0");
        module.Dispose();
        module.Dispose();
        Assert.Single(fake.Driver.Calls, "cuModuleUnload");
        Assert.Throws<ObjectDisposedException>(() => module.GetKernel("any"));
    }
}
