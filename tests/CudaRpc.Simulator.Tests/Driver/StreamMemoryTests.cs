using static CudaRpc.Driver.CUstreamBatchMemOpType;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Streams that wait for words of memory and write them.</summary>
public sealed unsafe class StreamMemoryTests
{
    private const uint Equal = (uint)CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_EQ, And = (uint)CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_AND;
    private const uint Nor = (uint)CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_NOR, AtLeast = 0;

    [Fact]
    public void Wait_IsReleasedByAnotherStreamsWrite_AndSeesWhatWasBefore()
    {
        using var bench = new Bench();
        CUstream waiting = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING), writing = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUdeviceptr flag = bench.Allocate(8), data = bench.Allocate(8);
        bench.Write(flag, 0L);
        Bench.Must(bench.Driver.cuStreamWaitValue32_v2(waiting, flag, 1, Equal));
        Bench.Must(bench.Driver.cuMemcpyDtoDAsync_v2(data + 4ul, data, 4, waiting));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(waiting));

        Bench.Must(bench.Driver.cuMemsetD32Async(data, 42, 1, writing));
        Bench.Must(bench.Driver.cuStreamWriteValue32_v2(writing, flag, 1, 0));

        Bench.Must(bench.Driver.cuStreamSynchronize(waiting));
        Assert.Equal(42, bench.Read<int>(data + 4ul));
    }

    [Theory]
    [InlineData(AtLeast, 5u, 5u, true)]
    [InlineData(AtLeast, 5u, 4u, false)]
    [InlineData(AtLeast, 0xffff_fff0u, 3u, true)] // It has wrapped around.
    [InlineData(Equal, 5u, 6u, false)]
    [InlineData(And, 6u, 2u, true)]
    [InlineData(And, 6u, 1u, false)]
    [InlineData(Nor, 0xffff_0000u, 0x0000_fff0u, true)]
    [InlineData(Nor, 0xffff_0000u, 0x0000_ffffu, false)]
    public void Condition_IsWhatTheFlagsSay(uint flags, uint wanted, uint present, bool goesOn)
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUdeviceptr word = bench.Allocate(4);
        bench.Write(word, present);

        Bench.Must(bench.Driver.cuStreamWaitValue32_v2(stream, word, wanted, flags));

        if (goesOn)
        {
            Bench.Must(bench.Driver.cuStreamSynchronize(stream));
        }
        else
        {
            Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(stream));
        }
    }

    [Fact]
    public void WideWords_AreComparedWhole()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUdeviceptr word = bench.Allocate(8);
        bench.Write(word, 1L);
        Bench.Must(bench.Driver.cuStreamWaitValue64_v2(stream, word, 1 | (1ul << 40), Equal));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(stream));

        Bench.Must(bench.Driver.cuStreamWriteValue64_v2(bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING), word, 1 | (1ul << 40), 1));

        Bench.Must(bench.Driver.cuStreamSynchronize(stream));
    }

    [Fact]
    public void Batch_IsTakenWholeOrNotAtAll()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr words = bench.Allocate(16);
        bench.Write(words, 0L);
        CUstreamBatchMemOpParams_v1* operations = stackalloc CUstreamBatchMemOpParams_v1[4];
        operations[0].writeValue = new() { operation = CU_STREAM_MEM_OP_WRITE_VALUE_32, address = words, value = 7 };
        operations[1].memoryBarrier = new() { operation = CU_STREAM_MEM_OP_BARRIER, flags = 1 };
        operations[2].waitValue = new() { operation = CU_STREAM_MEM_OP_WAIT_VALUE_32, address = words, value = 7, flags = Equal };
        operations[3].flushRemoteWrites = new() { operation = CU_STREAM_MEM_OP_FLUSH_REMOTE_WRITES };

        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuStreamBatchMemOp_v2(stream, 4, operations, 0));
        Assert.Equal(0, bench.Read<int>(words));
        Bench.Must(bench.Driver.cuStreamBatchMemOp_v2(stream, 3, operations, 0));
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));
        Assert.Equal(7, bench.Read<int>(words));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamBatchMemOp_v2(stream, 257, operations, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamBatchMemOp_v2(stream, 1, operations, 1));
    }

    [Fact]
    public void BadInput_IsRefused()
    {
        using var bench = new Bench();
        CUdeviceptr word = bench.Allocate(8);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamWaitValue32_v2(default, word + 2ul, 0, Equal));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamWaitValue64_v2(default, word + 4ul, 0, Equal));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamWriteValue32_v2(default, new CUdeviceptr(64), 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamWaitValue32_v2(default, word, 0, 4));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuStreamWaitValue32_v2(default, word, 0, (uint)CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_FLUSH));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamWriteValue32_v2(new CUstream(12345), word, 0, 0));
    }

    [Fact]
    public void Dispose_EndsAStreamThatWaitsForever()
    {
        using var bench = new Bench();
        CUdeviceptr word = bench.Allocate(4);
        bench.Write(word, 0);
        Bench.Must(bench.Driver.cuStreamWaitValue32_v2(default, word, 1, Equal));

        bench.Driver.Dispose();

        Assert.Equal(0ul, bench.Used);
    }
}
