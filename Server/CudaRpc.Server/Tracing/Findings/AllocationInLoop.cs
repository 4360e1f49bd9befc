using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Memory that is allocated after memory was freed: a loop that could keep what it has.</summary>
internal sealed class AllocationInLoop() : FindingRule("allocation-in-loop", least: 4)
{
    private readonly HashSet<int> _freed = [];

    protected override string Why => "Device memory was allocated where the program had freed some before";

    protected override string Advice =>
        "Allocate before the loop, or keep freed memory for reuse in the program: an allocation waits for its address, from a pool too; "
        + "freeing waits for nothing.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if (function.IsFree)
        {
            _freed.Add(process);
        }
        else if (function.IsAllocation && Waits(call) && _freed.Contains(process))
        {
            Count(call, split, function);
        }
    }
}
