using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Asynchronous copies to the host that are none, because CUDA has the caller wait where memory is not page-locked.</summary>
internal sealed class PageableCopy() : FindingRule("pageable-copy", least: 2)
{
    protected override string Why => "The thread waited for an asynchronous copy into memory that is not page-locked";

    protected override string Advice =>
        "Copy into memory of cuMemAllocHost or cuMemHostRegister, and wait once before it is read: such copies are posted.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if (function is { IsCopyToHost: true, IsAsynchronous: true } && Waits(call))
        {
            Count(call, split, function);
        }
    }
}
