using System.Buffers.Binary;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// What a client that records its calls is told. docs/protocol.md, "Traces".
internal sealed unsafe partial class HostChannel
{
    // Times that wait for a client that takes them too slowly.
    private const long MostTimes = 4 << 20;

    // Held while a frame goes out: the clock's answer is sent by the thread that receives.
    private readonly Lock _sendLock = new();

    /// <summary>When calls were made; null where the client does not want to know.</summary>
    public SessionTrace? Trace { get; set; }

    /// <summary>Queues times for the client; false where very many wait already. The last ones always go.</summary>
    public bool PushTimes(ReadOnlySpan<byte> records, long lost, bool isLast)
    {
        byte[] copy = records.ToArray();
        lock (_lock)
        {
            if (_closed || (_queuedBytes > MostTimes && !isLast))
            {
                return false;
            }

            _queuedBytes += copy.Length;
            Enqueue(new Request(ControlId.TraceTimes, lost, 0, (nuint)copy.Length, isLast, CUresult.CUDA_SUCCESS, 0, null, copy));
            return true;
        }
    }

    private bool ServeTrace(in FrameHeader header)
    {
        switch (header.CallId)
        {
            case ControlId.TraceClock:
                Span<byte> reply = stackalloc byte[FrameHeader.Size + sizeof(long)];
                new FrameHeader(sizeof(long), ControlId.TraceClock, FrameFlags.Reply, 0, 0, 0).Write(reply);
                lock (_sendLock)
                {
                    BinaryPrimitives.WriteInt64LittleEndian(reply[FrameHeader.Size..], SessionTrace.Now);
                    connection.Send(reply, default);
                }

                return true;
            case ControlId.TraceFlush:
                Trace!.Flush(header.Sequence);
                return true;
            default:
                return false;
        }
    }
}
