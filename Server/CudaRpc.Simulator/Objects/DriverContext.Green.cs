using CudaRpc.Simulator.Execution;

namespace CudaRpc.Simulator.Objects;

// What is done to all streams of the context, or to those of one of its green contexts and the default streams, which they share.
internal sealed partial class DriverContext
{
    // Points that everything submitted from now on comes after, also in streams yet to be made. Guarded by _order.
    private readonly List<(StreamPoint Point, DriverGreenContext? Green)> _heldBack = [];

    /// <summary>Waits until all work submitted to the green context so far is done.</summary>
    public void Synchronize(DriverGreenContext green)
    {
        foreach (StreamPoint point in Tails(stream => IsOf(green, stream)))
        {
            point.Wait();
        }
    }

    /// <summary>Queues work behind everything submitted so far, holding up nothing that comes later. False if the context is closing.</summary>
    public bool SubmitAfterAll(StreamWork work, DriverGreenContext? green, out StreamPoint point)
    {
        lock (_order)
        {
            ForgetDrainedStreams();
            foreach (DriverStream stream in _streams.Where(stream => IsOf(green, stream)))
            {
                work.StartAfter(stream.Tail);
            }
            // A stream of its own: another one's work must not wait for it.
            DriverStream marker = AddStream((uint)CUstream_flags.CU_STREAM_NON_BLOCKING, DeviceAttributes.LeastPriority, green);
            marker.IsDestroyed = true;
            return Take(marker, work, mayRunHere: false, out point) == CUDA_SUCCESS;
        }
    }

    /// <summary>Lets no work that is submitted from now on start before the point is reached.</summary>
    public void HoldBack(StreamPoint point, DriverGreenContext? green)
    {
        lock (_order)
        {
            _heldBack.RemoveAll(static held => held.Point.IsReached);
            _heldBack.Add((point, green));
            foreach (DriverStream stream in _streams.Where(stream => IsOf(green, stream)))
            {
                Wait(stream, point);
            }
        }
    }

    // Under _order.
    private void HoldBackNew(DriverStream stream)
    {
        foreach ((StreamPoint point, DriverGreenContext? green) in _heldBack)
        {
            if (IsOf(green, stream) && !point.IsReached)
            {
                Wait(stream, point);
            }
        }
    }

    private void Wait(DriverStream stream, StreamPoint point)
    {
        var wait = new WaitWork();
        wait.StartAfter(point);
        Take(stream, wait, mayRunHere: false, out _);
    }

    private bool IsOf(DriverGreenContext? green, DriverStream stream) =>
        green is null || stream.Green == green || stream == LegacyStream || _threadStreams.ContainsValue(stream);
}
