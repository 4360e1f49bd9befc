using CudaRpc.Simulator.Timing;
using CudaRpc.Tracing;
using CudaRpc.Workloads;

namespace CudaRpc.Server.Commands.Study;

/// <summary>
/// Device times of a trace's steps. They are known, as the workload says what the timing model's device takes; asking the device for them costs its
/// server two events for each piece of work.
/// </summary>
internal static class KnownDeviceTimes
{
    /// <summary>The same steps with device times.</summary>
    /// <param name="steps">Whole steps.</param>
    /// <param name="workload">What was run.</param>
    /// <param name="profile">On which device.</param>
    /// <exception cref="InvalidOperationException">The trace is not of that workload.</exception>
    public static Trace Of(Trace steps, Workload workload, DeviceProfile profile)
    {
        Op[] work = [.. workload.Step.Where(static op => op.Kind is OpKind.Launch or OpKind.CopyIn or OpKind.CopyOut)];
        var ends = new Dictionary<int, long>();
        var calls = new List<TraceCall>(steps.Calls.Count);
        int next = 0;
        foreach (TraceCall call in steps.Calls)
        {
            if (KindOf(steps.NameOf(call)) is not { } kind)
            {
                calls.Add(call);
                continue;
            }

            Op op = work[next++ % work.Length];
            if (op.Kind != kind)
            {
                throw new InvalidOperationException($"the trace has {steps.NameOf(call)} where {workload.Name} does {op.Kind}");
            }

            long begin = Math.Max(call.Begin, ends.GetValueOrDefault(op.Stream));
            ends[op.Stream] = begin + TimeOf(op, profile);
            calls.Add(call with { DeviceBegin = begin, DeviceEnd = ends[op.Stream] });
        }

        return steps with { Calls = calls };
    }

    private static OpKind? KindOf(string function) => function switch
    {
        "cuLaunchKernel" => OpKind.Launch,
        "cuMemcpyHtoDAsync_v2" => OpKind.CopyIn,
        "cuMemcpyDtoHAsync_v2" => OpKind.CopyOut,
        _ => null,
    };

    // Bytes at GB/s are nanoseconds.
    private static long TimeOf(Op op, DeviceProfile profile) => op.Kind switch
    {
        OpKind.Launch => op.Nanoseconds,
        OpKind.CopyIn => profile.CopyLatency + (long)(op.Bytes / profile.ToDeviceGigabytes),
        _ => profile.CopyLatency + (long)(op.Bytes / profile.ToHostGigabytes),
    };
}
