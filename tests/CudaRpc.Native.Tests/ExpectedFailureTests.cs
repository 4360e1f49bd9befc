using CudaRpc.Server.Commands;

namespace CudaRpc.Native.Tests;

public sealed class ExpectedFailureTests
{
    [Fact]
    public void Describe_CallsAfterTheServerHasGone_SaysWhatHasHappened() => Assert.Equal(
        "the connection to the server was lost: cuStreamSynchronize: CUDA_ERROR_DEVICE_UNAVAILABLE",
        ExpectedFailure.Describe(new InvalidOperationException("cuStreamSynchronize: CUDA_ERROR_DEVICE_UNAVAILABLE")));

    [Fact]
    public void Describe_OtherFailures_SaysWhatTheySay() =>
        Assert.Equal("cuCtxSynchronize: CUDA_ERROR_UNKNOWN", ExpectedFailure.Describe(new InvalidOperationException("cuCtxSynchronize: CUDA_ERROR_UNKNOWN")));
}
