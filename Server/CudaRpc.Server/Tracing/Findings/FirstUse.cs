using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>What a program does once: start, load, look up.</summary>
internal sealed class FirstUse() : FindingRule("first-use", least: 1)
{
    protected override string Why => "Contexts, modules and functions were made ready";

    protected override string Advice =>
        "This happens once in a process. Where it is much of the run, keep the process for more work, load fewer modules, "
        + "and look up only what is launched.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if ((function.IsLookup || function.IsStart) && Waits(call))
        {
            Count(call, split, function);
        }
    }
}
