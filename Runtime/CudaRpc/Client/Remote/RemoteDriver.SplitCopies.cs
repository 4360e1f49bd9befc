using CudaRpc.Driver;

namespace CudaRpc.Client;

// Large linear copies over several connections. Each part is a copy of its own to the server, as if several threads of the program had made
// them at the same time: nothing that comes after the call comes before any of them.
public sealed unsafe partial class RemoteDriver
{
    private const nuint Page = 4096;
    private const nint PerThreadStream = 2; // CU_STREAM_PER_THREAD

    // The stream that belongs to each thread is another one on another lane; and where a capture is under way, the thread decides what may be called.
    private bool IsSplit(CUstream stream, nuint bytes) =>
        _session.Streams is not null && bytes >= CopyStreams.Smallest && stream.Value != PerThreadStream && _captures.IsIdle && !HostFunctionScope.IsInside;

    private CUresult ToDeviceInParts(uint callId, CUdeviceptr destination, byte* source, nuint bytes, CUstream stream, bool posted)
    {
        nuint part = PartOf(bytes);
        if (!_session.Streams!.TryCopy(_session.Lane, Part, out CUresult status))
        {
            return ToDevice(_session.Lane, callId, destination, source, bytes, stream, posted);
        }

        _session.Lane.Trace?.SentAlong((long)(bytes - part));
        return status;

        CUresult Part(Lane lane, int index)
        {
            nuint begin = part * (nuint)index;
            return ToDevice(lane, callId, destination + begin, source + begin, nuint.Min(part, bytes - begin), stream, posted);
        }
    }

    private CUresult ToHostInParts(uint callId, byte* destination, CUdeviceptr source, nuint bytes, CUstream stream)
    {
        nuint part = PartOf(bytes);
        if (!_session.Streams!.TryCopy(_session.Lane, Part, out CUresult status))
        {
            return ToHost(_session.Lane, callId, destination, source, bytes, stream);
        }

        _session.Lane.Trace?.Received((long)(bytes - part));
        return status;

        CUresult Part(Lane lane, int index)
        {
            nuint begin = part * (nuint)index;
            return ToHost(lane, callId, destination + begin, source + begin, nuint.Min(part, bytes - begin), stream);
        }
    }

    // Whole pages. The last part is shorter, and longer than none: a copy that is split has far more pages than parts.
    private nuint PartOf(nuint bytes) => ((bytes / (nuint)_session.Streams!.Count) + Page) & ~(Page - 1);
}
