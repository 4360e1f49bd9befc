using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;
using static CudaRpc.Driver.CUstreamBatchMemOpType;

namespace CudaRpc.Simulator;

// Stream memory operations. Nothing here comes from another device by PCIe, so there are no remote writes to flush.
public unsafe partial class SimulatedDriver
{
    private const uint MaxBatchOperations = 256;

    /// <inheritdoc/>
    public override CUresult cuStreamWaitValue32_v2(CUstream stream, CUdeviceptr addr, uint value, uint flags) =>
        StreamMemory(stream, WaitFor(CU_STREAM_MEM_OP_WAIT_VALUE_32, addr, value, flags));

    /// <inheritdoc/>
    public override CUresult cuStreamWaitValue64_v2(CUstream stream, CUdeviceptr addr, ulong value, uint flags) =>
        StreamMemory(stream, WaitFor(CU_STREAM_MEM_OP_WAIT_VALUE_64, addr, value, flags));

    /// <inheritdoc/>
    public override CUresult cuStreamWriteValue32_v2(CUstream stream, CUdeviceptr addr, uint value, uint flags) =>
        StreamMemory(stream, WriteTo(CU_STREAM_MEM_OP_WRITE_VALUE_32, addr, value, flags));

    /// <inheritdoc/>
    public override CUresult cuStreamWriteValue64_v2(CUstream stream, CUdeviceptr addr, ulong value, uint flags) =>
        StreamMemory(stream, WriteTo(CU_STREAM_MEM_OP_WRITE_VALUE_64, addr, value, flags));

    /// <summary>All operations or none are taken; they are done in their order, which CUDA does not promise.</summary>
    public override CUresult cuStreamBatchMemOp_v2(CUstream stream, uint count, CUstreamBatchMemOpParams_v1* paramArray, uint flags)
    {
        if (EnterStream(stream, out DriverStream target) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        CUresult result = PrepareBatch(paramArray, count, flags, out BatchWork? work);
        return work is null ? result : target.Context.Submit(target, work, out _);
    }

    private CUresult PrepareBatch(CUstreamBatchMemOpParams_v1* operations, uint count, uint flags, out BatchWork? batch)
    {
        batch = null;
        if (operations == null || count is 0 or > MaxBatchOperations || flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var works = new List<StreamWork>();
        for (uint i = 0; i < count; i++)
        {
            if (Prepare(operations[i], out StreamWork? work) is not CUDA_SUCCESS and var wrong)
            {
                return wrong;
            }
            if (work is not null)
            {
                works.Add(work);
            }
        }
        batch = new BatchWork(new ReadOnlySpan<CUstreamBatchMemOpParams_v1>(operations, (int)count).ToArray(), [.. works]);
        return CUDA_SUCCESS;
    }

    private static CUstreamBatchMemOpParams_v1 WaitFor(CUstreamBatchMemOpType operation, CUdeviceptr address, ulong value, uint flags) =>
        new() { waitValue = new() { operation = operation, address = address, value64 = value, flags = flags } };

    private static CUstreamBatchMemOpParams_v1 WriteTo(CUstreamBatchMemOpType operation, CUdeviceptr address, ulong value, uint flags) =>
        new() { writeValue = new() { operation = operation, address = address, value64 = value, flags = flags } };

    private CUresult StreamMemory(CUstream stream, CUstreamBatchMemOpParams_v1 operation) => cuStreamBatchMemOp_v2(stream, 1, &operation, 0);

    /// <summary>The work of one operation; none for a barrier, because work of a stream is in order anyway.</summary>
    private CUresult Prepare(in CUstreamBatchMemOpParams_v1 operation, out StreamWork? work)
    {
        work = null;
        switch (operation.operation)
        {
            case CU_STREAM_MEM_OP_WAIT_VALUE_32 or CU_STREAM_MEM_OP_WAIT_VALUE_64:
                return PrepareWait(operation.waitValue, out work);
            case CU_STREAM_MEM_OP_WRITE_VALUE_32 or CU_STREAM_MEM_OP_WRITE_VALUE_64:
                return PrepareWrite(operation.writeValue, out work);
            case CU_STREAM_MEM_OP_BARRIER:
                return operation.memoryBarrier.flags <= (uint)CUstreamMemoryBarrier_flags.CU_STREAM_MEMORY_BARRIER_TYPE_GPU
                    ? CUDA_SUCCESS
                    : CUDA_ERROR_INVALID_VALUE;
            case CU_STREAM_MEM_OP_FLUSH_REMOTE_WRITES:
                return CUDA_ERROR_NOT_SUPPORTED;
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
    }

    private CUresult PrepareWait(in CUstreamBatchMemOpParams_v1.WaitValue wait, out StreamWork? work)
    {
        work = null;
        bool isWide = wait.operation == CU_STREAM_MEM_OP_WAIT_VALUE_64;
        if ((wait.flags & (uint)CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_FLUSH) != 0)
        {
            return CUDA_ERROR_NOT_SUPPORTED;
        }
        if (wait.flags > (uint)CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_NOR || Word(wait.address, isWide) is not { } place)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        work = new WaitValueWork(place, isWide, isWide ? wait.value64 : wait.value, (CUstreamWaitValue_flags)wait.flags);
        return CUDA_SUCCESS;
    }

    private CUresult PrepareWrite(in CUstreamBatchMemOpParams_v1.WriteValue write, out StreamWork? work)
    {
        work = null;
        bool isWide = write.operation == CU_STREAM_MEM_OP_WRITE_VALUE_64;
        if (write.flags > (uint)CUstreamWriteValue_flags.CU_STREAM_WRITE_VALUE_NO_MEMORY_BARRIER || Word(write.address, isWide) is not { } place)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        work = new WriteValueWork(place, isWide, isWide ? write.value64 : write.value);
        return CUDA_SUCCESS;
    }

    private MemoryPlace? Word(CUdeviceptr address, bool isWide)
    {
        nuint bytes = isWide ? 8u : 4u;
        return address.Value % bytes == 0 ? Device(address, bytes) : null;
    }
}
