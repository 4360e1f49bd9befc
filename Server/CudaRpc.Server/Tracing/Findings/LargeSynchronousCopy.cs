using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Copies whose bytes the thread waits for, and that are long enough for it to do something else meanwhile.</summary>
internal sealed class LargeSynchronousCopy() : FindingRule("large-synchronous-copy", least: 1)
{
    protected override string Why => $"The thread waited for a copy of more than {ProtocolLimits.PostedCopy >> 10} KiB";

    protected override string Advice =>
        "Copy with cuMemcpy...Async from and to page-locked memory, and wait once before the data is used: several copies "
        + "are then under way, and the thread goes on.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if (function is { IsCopy: true, IsAsynchronous: false } && Waits(call)
            && Math.Max(call.BytesOut, call.BytesIn) > ProtocolLimits.PostedCopy)
        {
            Count(call, split, function);
        }
    }
}
