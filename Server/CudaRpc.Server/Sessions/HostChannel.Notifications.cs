using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// What the driver says of its own accord, which the client's functions are told. Nobody waits for them.
internal sealed unsafe partial class HostChannel
{
    /// <summary>Has the client call a function with what the driver says. Does not wait.</summary>
    public void Notify(long callback, in CUasyncNotificationInfo info)
    {
        CUasyncNotificationInfo copy = info;
        byte[] bytes = new ReadOnlySpan<byte>(&copy, sizeof(CUasyncNotificationInfo)).ToArray();
        lock (_lock)
        {
            if (_requests.Count >= MaximumRequests)
            {
                // A client that does not read.
                connection.Abort();
            }
            else if (!_closed)
            {
                _queuedBytes += bytes.Length;
                Enqueue(new Request(ControlId.HostNotify, callback, 0, (nuint)bytes.Length, false, CUresult.CUDA_SUCCESS, 0, null, bytes));
            }
        }
    }
}
