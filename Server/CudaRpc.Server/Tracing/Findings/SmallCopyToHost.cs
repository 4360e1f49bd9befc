using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>A round trip for a few bytes.</summary>
internal sealed class SmallCopyToHost() : FindingRule("small-copy-to-host", least: 4)
{
    protected override string Why => $"The thread waited for at most {ProtocolLimits.PostedCopy >> 10} KiB from the device";

    protected override string Advice =>
        "Gather results on the device and copy them once, or copy each into page-locked memory with cuMemcpyDtoHAsync and "
        + "wait once for all.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if (function is { IsCopyToHost: true, IsAsynchronous: false } && Waits(call) && call.BytesIn <= ProtocolLimits.PostedCopy)
        {
            Count(call, split, function);
        }
    }
}
