using System.Buffers;
using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Functions of the program: they run one after the other, on a thread of their own.
internal sealed unsafe partial class HostLink
{
    private void RunCalls()
    {
        foreach (CallRequest call in _calls.GetConsumingEnumerable())
        {
            _callbacks.TryGetValue(call.Callback, out HostCallback? callback);
            if (call.Notification is CUasyncNotificationInfo notification)
            {
                callback?.Notify(notification);
                continue;
            }

            if (callback is not null)
            {
                callback.Run(call.Status);
                if (callback.EndsWait())
                {
                    Interlocked.Decrement(ref _pendingCalls);
                }

                if (call.IsLast)
                {
                    RemoveCallback(call.Callback);
                }
            }

            try
            {
                // What the function has written is there for the work behind it.
                session.HostMemory.Flush();
                Reply(ControlId.HostCall, call.Sequence, null, 0, 0);
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException)
            {
                session.HostLinkEnded(failure);
            }
        }
    }

    private static CUasyncNotificationInfo ReadNotification(in ReadOnlySequence<byte>? bytes)
    {
        if (bytes?.Length != sizeof(CUasyncNotificationInfo))
        {
            ProtocolException.Throw($"{bytes?.Length} bytes for a function to be told");
        }

        // The body is one array, so the sequence is one span.
        return MemoryMarshal.Read<CUasyncNotificationInfo>(bytes.Value.FirstSpan);
    }

    // What is asked of a function: with a notification nobody waits for it.
    private readonly record struct CallRequest(
        ulong Sequence, long Callback, CUresult Status, bool IsLast, CUasyncNotificationInfo? Notification = null);
}
