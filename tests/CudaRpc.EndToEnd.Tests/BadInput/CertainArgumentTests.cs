using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.Api;
using CudaRpc.EndToEnd.Tests.Semantics;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>What is wrong beyond doubt with a posted call is its own answer, and no later call's.</summary>
public sealed unsafe class CertainArgumentTests : IDisposable
{
    private const int Bytes = 4096;

    private readonly SimulatedServer _server = new();
    private readonly CUdeviceptr _memory;
    private readonly CUstream _stream;

    public CertainArgumentTests()
    {
        _memory = Driver.Allocate(Bytes);
        _stream = Driver.CreateStream();
    }

    private RemoteDriver Driver => _server.Driver;

    public void Dispose()
    {
        // Nothing was left for a later call.
        Cuda.Ok(Driver.cuCtxSynchronize());
        _server.Dispose();
    }

    [Fact]
    public void Set_BeyondItsAllocation_IsInvalidValue()
    {
        Invalid(Driver.cuMemsetD8_v2(_memory, 1, Bytes + 1));
        Invalid(Driver.cuMemsetD8Async(_memory + 1, 1, Bytes, _stream));
        Invalid(Driver.cuMemsetD16_v2(_memory, 1, (Bytes / 2) + 1));
        Invalid(Driver.cuMemsetD32_v2(_memory + 4, 1, Bytes / 4));
        Invalid(Driver.cuMemsetD32Async(_memory, 1, (nuint.MaxValue / 4) + 2, _stream));
        Invalid(Driver.cuMemsetD2D8_v2(_memory, 64, 1, 64, (Bytes / 64) + 1));
        Invalid(Driver.cuMemsetD2D32Async(_memory, nuint.MaxValue & ~3u, 1, 4, 1 << 20, _stream));
        Invalid(Driver.cuMemsetD8_v2(default, 1, 1));
        Cuda.Ok(Driver.cuMemsetD8_v2(_memory, 1, Bytes));
        Cuda.Ok(Driver.cuMemsetD2D8_v2(_memory, 64, 1, 64, Bytes / 64));
    }

    [Fact]
    public void Set_ThatIsMisaligned_IsInvalidValue()
    {
        Invalid(Driver.cuMemsetD16_v2(_memory + 1, 1, 1));
        Invalid(Driver.cuMemsetD32Async(_memory + 2, 1, 1, _stream));
        Invalid(Driver.cuMemsetD2D16_v2(_memory, 63, 1, 8, 2));
        Invalid(Driver.cuMemsetD2D32_v2(_memory, 16, 1, 5, 2));
        Cuda.Ok(Driver.cuMemsetD2D16_v2(_memory, 63, 1, 8, 1));
    }

    [Fact]
    public void Copy_BeyondAnAllocation_IsInvalidValue()
    {
        CUdeviceptr other = Driver.Allocate(64);
        byte* source = stackalloc byte[8];

        Invalid(Driver.cuMemcpyDtoD_v2(_memory, other, 65));
        Invalid(Driver.cuMemcpyDtoD_v2(other, _memory, 65));
        Invalid(Driver.cuMemcpyDtoDAsync_v2(other + 1, _memory, 64, _stream));
        Invalid(Driver.cuMemcpyDtoD_v2(other, _memory, nuint.MaxValue));
        Invalid(Driver.cuMemcpyDtoD_v2(default, _memory, 8));
        Invalid(Driver.cuMemcpyHtoD_v2(default, source, 8));
        Invalid(Driver.cuMemcpyHtoDAsync_v2(default, source, 8, _stream));
        Cuda.Ok(Driver.cuMemcpyDtoD_v2(other, _memory, 64));
    }

    [Fact]
    public void WhatIsOfAnotherContextThanTheStream_IsInvalidHandle()
    {
        CUevent here = Driver.CreateEvent();
        CUfunction nothing = Driver.Function(Driver.Load(WorkPtx.Text), "nothing");
        CUcontext second = Driver.CreateContext();
        CUstream there = Driver.CreateStream();

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuEventRecord(here, there));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuEventRecordWithFlags(here, default, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.Launch(nothing, default, there));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.Launch(nothing, default));
        Cuda.Ok(Driver.cuEventRecord(here, _stream));
        Cuda.Ok(Driver.cuCtxSynchronize());
        Cuda.Ok(Driver.cuCtxDestroy_v2(second));
        Cuda.Ok(Driver.cuCtxSetCurrent(_server.Context));
        Cuda.Ok(Driver.Launch(nothing, default, _stream));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Destroy_OfAStreamThatEveryContextHas_IsInvalidHandle(int stream) =>
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuStreamDestroy_v2(new CUstream(stream)));

    [Fact]
    public void Address_ThatTheClientWasNeverGiven_IsLeftToTheDriver()
    {
        Cuda.Ok(Driver.cuMemsetD8_v2(new CUdeviceptr(0x10_0000_0000), 1, 1));

        Invalid(Driver.cuCtxSynchronize());
    }

    private static void Invalid(CUresult result) => Assert.Equal(CUDA_ERROR_INVALID_VALUE, result);
}
