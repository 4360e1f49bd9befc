using System.Buffers.Binary;
using CudaRpc.Driver;

namespace CudaRpc.Client;

// Addresses of host memory among the arguments. Where the session has none, all this is one comparison.
internal unsafe ref partial struct Call
{
    private const nint PerThreadStream = 2; // CU_STREAM_PER_THREAD

    /// <summary>A value that may be an address.</summary>
    private void Note(ulong value)
    {
        if (_hostMemory!.Blocks.Find(value) is HostBlock block)
        {
            _namesHostMemory = true;
            if (!block.IsReachable)
            {
                _wantsHostMemory = true;
                block.IsWanted = true;
            }
        }
    }

    /// <summary>Bytes that may hold addresses: packed parameters, structures.</summary>
    private void NoteWords(byte* bytes, nuint length)
    {
        for (nuint offset = 0; length >= sizeof(ulong) && offset <= length - sizeof(ulong); offset += sizeof(ulong))
        {
            Note(BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(bytes + offset, sizeof(ulong))));
        }
    }

    // The arguments are written; nothing of the call has left.
    private readonly void PrepareHostMemory() =>
        _hostMemory?.Before(_callId, _namesHostMemory, _wantsHostMemory, _wantsHostMemory ? _session.Handles.OwnerOf(_lane.Current) : _lane.Current);

    // A posted copy or set that has no stream makes the caller wait where it reaches memory of the program.
    private readonly CUresult Settle()
    {
        if (!_namesHostMemory || !Waits(_callId, out bool perThread))
        {
            return CUresult.CUDA_SUCCESS;
        }

        var call = new Call(_session, _lane, CallId.cuStreamSynchronize);
        call.WriteHandle(perThread ? PerThreadStream : 0);
        CUresult status = call.Invoke();
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.End();
        }

        return status;
    }

    private static bool Waits(uint callId, out bool perThread)
    {
        perThread = callId is CallId.cuMemcpyDtoD_v2_ptds or CallId.cuMemcpyPeer_ptds or CallId.cuMemsetD8_v2_ptds or CallId.cuMemsetD16_v2_ptds or CallId.cuMemsetD32_v2_ptds
            or CallId.cuMemsetD2D8_v2_ptds or CallId.cuMemsetD2D16_v2_ptds or CallId.cuMemsetD2D32_v2_ptds;
        return perThread || callId is CallId.cuMemcpyHtoD_v2 or CallId.cuMemcpyDtoD_v2 or CallId.cuMemcpyPeer or CallId.cuMemsetD8_v2 or CallId.cuMemsetD16_v2 or CallId.cuMemsetD32_v2
            or CallId.cuMemsetD2D8_v2 or CallId.cuMemsetD2D16_v2 or CallId.cuMemsetD2D32_v2
            or CallId.cuMemcpy2D_v2 or CallId.cuMemcpy2DUnaligned_v2 or CallId.cuMemcpy3D_v2 or CallId.cuMemcpy3DPeer;
    }
}
