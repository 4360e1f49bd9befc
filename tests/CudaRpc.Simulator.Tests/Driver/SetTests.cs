namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class SetTests
{
    [Fact]
    public void Sets_OfEveryWidth_FillExactly()
    {
        using var bench = new Bench();
        CUdeviceptr device = bench.Allocate(16);

        Bench.Must(bench.Driver.cuMemsetD32_v2(device, 0x01020304, 4));
        Bench.Must(bench.Driver.cuMemsetD16_v2(device + 4ul, 0xAABB, 2));
        Bench.Must(bench.Driver.cuMemsetD8_v2(device + 15ul, 0xFF, 1));

        Assert.Equal(0xAABBAABB_01020304ul, bench.Read<ulong>(device));
        Assert.Equal(0xFF020304_01020304ul, bench.Read<ulong>(device + 8ul));
    }

    [Fact]
    public void AsyncSets_RunInStreamOrder()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(8);
        using (bench.Block(stream))
        {
            Bench.Must(bench.Driver.cuMemsetD32Async(device, 1, 2, stream));
            Bench.Must(bench.Driver.cuMemsetD16Async(device, 2, 1, stream));
            Bench.Must(bench.Driver.cuMemsetD8Async(device + 3ul, 3, 1, stream));
        }
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(0x00000001_03000002ul, bench.Read<ulong>(device));
    }

    [Fact]
    public void PitchedSet_LeavesTheRestOfTheRows()
    {
        using var bench = new Bench();
        CUdeviceptr device = bench.Allocate(24);

        Bench.Must(bench.Driver.cuMemsetD2D16_v2(device, 8, 0x1111, 3, 3));
        Bench.Must(bench.Driver.cuMemsetD2D8Async(device + 8ul, 8, 0x22, 1, 2, default));

        Assert.Equal(0x0000_1111_1111_1111ul, bench.Read<ulong>(device));
        Assert.Equal(0x0000_1111_1111_1122ul, bench.Read<ulong>(device + 16ul));
    }

    [Fact]
    public void Set_OutsideTheAllocationOrUnaligned_IsInvalid()
    {
        using var bench = new Bench();
        CUdeviceptr device = bench.Allocate(16);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemsetD8_v2(device, 0, 17));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemsetD32_v2(device + 2ul, 0, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemsetD32_v2(device, 0, nuint.MaxValue / 2));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemsetD2D32_v2(device, 4, 0, 2, 2));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemsetD2D8_v2(device, 8, 0, 1, 4));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemsetD8_v2(default, 0, 1));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemsetD8_v2(default, 0, 0));
    }

    [Fact]
    public void Set_AtTheEndOfAPitchedRange_NeedsNoPadding()
    {
        using var bench = new Bench();
        CUdeviceptr device = bench.Allocate(20);

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemsetD2D32_v2(device, 16, 1, 1, 2));
        Assert.Equal(1, bench.Read<int>(device + 16ul));
    }
}
