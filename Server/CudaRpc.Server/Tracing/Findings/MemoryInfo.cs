using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>How much memory is free, asked again and again.</summary>
internal sealed class MemoryInfo() : FindingRule("memory-info", least: 8)
{
    protected override string Why => "How much memory is free is asked often, and the answer waits until what was freed is free";

    protected override string Advice => "Ask after a failed allocation only, or count what the program itself allocates.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if (function.Stem == "cuMemGetInfo" && Waits(call))
        {
            Count(call, split, function);
        }
    }
}
