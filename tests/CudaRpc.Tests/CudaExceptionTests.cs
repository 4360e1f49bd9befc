using CudaRpc.Driver;

namespace CudaRpc.Tests;

public sealed class CudaExceptionTests
{
    [Fact]
    public void Message_KnownResult_NamesFunctionResultAndNumber()
    {
        var failure = new CudaException("cuMemAlloc_v2", CUresult.CUDA_ERROR_OUT_OF_MEMORY);
        Assert.StartsWith("cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY (2): ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Message_UnknownResult_StillHasNumber() =>
        Assert.Equal("cuInit failed: unknown error (4711)", new CudaException("cuInit", (CUresult)4711).Message);

    [Fact]
    public void Message_Detail_IsAppended() =>
        Assert.EndsWith(
            "\nline 3: no",
            new CudaException("cuInit", CUresult.CUDA_ERROR_INVALID_PTX, detail: " line 3: no\n").Message,
            StringComparison.Ordinal);

    [Fact]
    public void ThrowIfFailed_Call_NamesFunctionOfTheCall()
    {
        var driver = new FakeDriver();
        driver.Fail("cuCtxSynchronize", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        var failure = Assert.Throws<CudaException>(() => driver.ThrowIfFailed(driver.cuCtxSynchronize()));
        Assert.Equal(("cuCtxSynchronize", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS), (failure.Function, failure.Result));
    }

    [Fact]
    public void ThrowIfFailed_EarlierCallFailed_NamesBoth()
    {
        var driver = new FakeDriver { DeferredFailure = "cuLaunchKernel" };
        driver.Fail("cuCtxSynchronize", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        var failure = Assert.Throws<CudaException>(() => driver.ThrowIfFailed(driver.cuCtxSynchronize()));
        Assert.Equal(("cuCtxSynchronize", "cuLaunchKernel"), (failure.Function, failure.Origin));
        Assert.Contains("an earlier cuLaunchKernel", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThrowIfFailed_Success_DoesNotThrow()
    {
        var driver = new FakeDriver();
        driver.ThrowIfFailed(driver.cuCtxSynchronize());
    }
}
