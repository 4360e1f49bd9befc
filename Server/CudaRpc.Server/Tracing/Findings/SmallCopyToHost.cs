using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>A round trip for a few bytes.</summary>
internal sealed class SmallCopyToHost() : FindingRule("small-copy-to-host", least: 4)
{
    protected override string Why => $"The thread waited for at most {ProtocolLimits.PostedCopy >> 10} KiB from the device";

    protected override string Advice =>
        "Gather results on the device and copy them once, or copy each with cuMemcpyDtoHAsync and wait once for all: asynchronous copies "
        + "to the host are posted.";

    public override void See(in TraceCall call, TracedFunction function, int process)
    {
        if (function.IsCopyToHost && Waits(call) && call.BytesIn <= ProtocolLimits.PostedCopy)
        {
            Count(call, function);
        }
    }
}
