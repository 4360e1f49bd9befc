namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class CopyTests
{
    [Fact]
    public void Copies_InEveryDirection_KeepTheBytes()
    {
        using var bench = new Bench();
        CUdeviceptr first = bench.Allocate(16), second = bench.Allocate(16);
        long value = 0x1122334455667788, back = 0;

        Bench.Must(bench.Driver.cuMemcpyHtoD_v2(first + 8ul, &value, 8));
        Bench.Must(bench.Driver.cuMemcpyDtoD_v2(second, first + 8ul, 8));
        Bench.Must(bench.Driver.cuMemcpyDtoH_v2(&back, second, 8));

        Assert.Equal(value, back);
    }

    [Fact]
    public void UnifiedCopy_FindsOutWhichSideIsTheDevices()
    {
        using var bench = new Bench();
        CUdeviceptr device = bench.Allocate(8);
        long value = 42, back = 0;

        Bench.Must(bench.Driver.cuMemcpy(device, new CUdeviceptr((ulong)&value), 8));
        Bench.Must(bench.Driver.cuMemcpyAsync(new CUdeviceptr((ulong)&back), device, 8, default));

        Assert.Equal(42, back);
    }

    [Fact]
    public void UnifiedCopy_OfFreedDeviceMemory_IsInvalid()
    {
        using var bench = new Bench();
        CUdeviceptr device = bench.Allocate(8);
        long value = 42;
        Bench.Must(bench.Driver.cuMemFree_v2(device));

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy(device, new CUdeviceptr((ulong)&value), 8));
    }

    [Fact]
    public void Copy_BetweenDevices_KeepsTheBytes()
    {
        using var bench = new Bench(devices: 2);
        CUdeviceptr here = bench.Allocate(8);
        CUcontext second = bench.NewContext(1);
        CUdeviceptr there = bench.Allocate(8);
        bench.Write(here, 99L);

        Bench.Must(bench.Driver.cuMemcpyPeer(there, second, here, bench.Context, 8));

        Assert.Equal(99L, bench.Read<long>(there));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuMemcpyPeer(there, default, here, bench.Context, 8));
    }

    [Fact]
    public void Copy_OutsideAnAllocation_IsInvalid()
    {
        using var bench = new Bench();
        CUdeviceptr device = bench.Allocate(16);
        byte* host = stackalloc byte[64];

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyHtoD_v2(device, host, 17));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyDtoH_v2(host, device + 16ul, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyHtoDAsync_v2(device + 10ul, host, 7, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyDtoD_v2(device, new CUdeviceptr(0x4000), 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyDtoH_v2(host, device, nuint.MaxValue));
    }

    [Fact]
    public void Copy_OfNothing_SucceedsAndNullIsInvalid()
    {
        using var bench = new Bench();
        CUdeviceptr device = bench.Allocate(16);
        byte value;

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemcpyHtoD_v2(device, &value, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyHtoD_v2(device, null, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyDtoH_v2(null, device, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy(device, default, 1));
    }

    [Fact]
    public void AsyncCopy_FromPageableMemory_HasTakenItWhenItReturns()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(4);
        int value = 5;
        using (bench.Block(stream))
        {
            Bench.Must(bench.Driver.cuMemcpyHtoDAsync_v2(device, &value, 4, stream));
            value = 6;
        }
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(5, bench.Read<int>(device));
    }

    [Fact]
    public void AsyncCopy_ToPageableMemory_IsDoneWhenItReturns()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(4);
        int value = 0;
        Bench.Must(bench.Driver.cuMemsetD32Async(device, 123, 1, stream));

        Bench.Must(bench.Driver.cuMemcpyDtoHAsync_v2(&value, device, 4, stream));

        Assert.Equal(123, value);
    }

    [Fact]
    public void AsyncCopy_ToPageLockedMemory_ReturnsBeforeItsTurn()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(4);
        bench.Write(device, 9);
        int* host = (int*)bench.AllocateHost(4);
        *host = 0;
        using (bench.Block(stream))
        {
            Bench.Must(bench.Driver.cuMemcpyDtoHAsync_v2(host, device, 4, stream));
            Assert.Equal(0, *host);
        }
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(9, *host);
    }

    [Fact]
    public void AsyncCopy_FromRegisteredMemory_ReadsItInItsTurn()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(4);
        int value = 5;
        Bench.Must(bench.Driver.cuMemHostRegister_v2(&value, 4, 0));
        using (bench.Block(stream))
        {
            Bench.Must(bench.Driver.cuMemcpyHtoDAsync_v2(device, &value, 4, stream));
            value = 6;
        }
        Bench.Must(bench.Driver.cuMemHostUnregister(&value));

        Assert.Equal(6, bench.Read<int>(device));
    }

    [Fact]
    public void AsyncCopy_TooLargeToHold_WaitsForItsTurn()
    {
        using var bench = new Bench(memoryBytes: 256 << 20);
        CUstream stream = bench.NewStream();
        const int Bytes = 65 << 20;
        CUdeviceptr device = bench.Allocate(Bytes);
        byte[] data = new byte[Bytes];
        data[^1] = 7;
        Gate gate = bench.Block(stream);
        var opener = new Thread(gate.Open);
        opener.Start();
        fixed (byte* source = data)
        {
            Bench.Must(bench.Driver.cuMemcpyHtoDAsync_v2(device, source, Bytes, stream));
            Assert.Equal(CUDA_SUCCESS, bench.Driver.cuStreamQuery(stream));
        }
        opener.Join();

        Assert.Equal(7, bench.Read<byte>(device + (ulong)(Bytes - 1)));
    }

    [Fact]
    public void Copy_OfMemoryFreedMeanwhile_FailsTheContextForGood()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUstream other = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUdeviceptr source = bench.Allocate(4), target = bench.Allocate(4), more;
        using (bench.Block(stream))
        {
            Bench.Must(bench.Driver.cuMemcpyDtoDAsync_v2(target, source, 4, stream));
            Bench.Must(bench.Driver.cuMemFreeAsync(source, other));
            Bench.Must(bench.Driver.cuStreamSynchronize(other));
        }

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuStreamSynchronize(stream));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuMemAlloc_v2(&more, 4));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());
        Assert.Contains("ILLEGAL_ADDRESS", Assert.Single(bench.Log), StringComparison.Ordinal);
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuCtxDestroy_v2(bench.Context));
    }
}
