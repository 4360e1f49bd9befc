namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class PitchedBatchTests
{
    [Fact]
    public void Batch_OfPointersAndArrays_CopiesEach()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(64);
        CUDA_ARRAY_DESCRIPTOR_v2 shape = new() { Width = 4, Height = 2, Format = CUarray_format.CU_AD_FORMAT_SIGNED_INT32, NumChannels = 1 };
        CUarray array;
        Bench.Must(bench.Driver.cuArrayCreate_v2(&array, &shape));
        int* host = stackalloc int[] { 1, 2, 3, 4, 5, 6, 7, 8 };
        int* back = stackalloc int[4];
        CUDA_MEMCPY3D_BATCH_OP_v1* operations = stackalloc CUDA_MEMCPY3D_BATCH_OP_v1[3];
        operations[0] = Operation(Pointer(host, 0, 0), Pointer((void*)device.Value, 0, 0), 32, 1);
        operations[1] = Operation(Pointer((void*)device.Value, 4, 2), Array(array, 0, 0), 4, 2);
        operations[2] = Operation(Array(array, 1, 0), Pointer(back, 2, 2), 2, 2);
        operations[0].srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL;
        nuint failed;

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemcpy3DBatchAsync(3, operations, &failed, 0, stream));
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal([2, 3, 6, 7], new ReadOnlySpan<int>(back, 4).ToArray());
        Assert.Equal(nuint.MaxValue, failed);
    }

    [Fact]
    public void Batch_ThatIsWrong_SaysWhichCopyIs()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(64);
        int value = 0;
        CUDA_MEMCPY3D_BATCH_OP_v1* operations = stackalloc CUDA_MEMCPY3D_BATCH_OP_v1[2];
        operations[0] = Operation(Pointer(&value, 0, 0), Pointer((void*)device.Value, 0, 0), 4, 1);
        operations[1] = Operation(Pointer(&value, 0, 0), Array(new CUarray(0x99990), 0, 0), 1, 1);
        nuint failed;

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuMemcpy3DBatchAsync(2, operations, &failed, 0, stream));
        Assert.Equal((nuint)1, failed);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy3DBatchAsync_v2(1, operations, 0, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy3DBatchAsync_v2(1, operations, 1, stream));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy3DBatchAsync_v2(0, operations, 0, stream));
        operations[0].srcAccessOrder = 0;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy3DBatchAsync_v2(1, operations, 0, stream));
    }

    private static CUDA_MEMCPY3D_BATCH_OP_v1 Operation(CUmemcpy3DOperand_v1 source, CUmemcpy3DOperand_v1 target, nuint width, nuint height) => new()
    {
        src = source,
        dst = target,
        extent = new() { width = width, height = height, depth = 1 },
        srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_STREAM,
    };

    private static CUmemcpy3DOperand_v1 Pointer(void* address, nuint row, nuint height)
    {
        CUmemcpy3DOperand_v1 operand = new() { type = CUmemcpy3DOperandType.CU_MEMCPY_OPERAND_TYPE_POINTER };
        operand.op.ptr = new() { ptr = new CUdeviceptr((ulong)address), rowLength = row, layerHeight = height };
        return operand;
    }

    private static CUmemcpy3DOperand_v1 Array(CUarray array, nuint x, nuint y)
    {
        CUmemcpy3DOperand_v1 operand = new() { type = CUmemcpy3DOperandType.CU_MEMCPY_OPERAND_TYPE_ARRAY };
        operand.op.array = new() { array = array, offset = new() { x = x, y = y } };
        return operand;
    }
}
