using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>A wait behind each piece of work: the device idles while its end is told and the next piece comes.</summary>
internal sealed class FrequentSynchronise() : FindingRule("synchronise-per-launch", least: 8)
{
    // Pieces of work since the thread last waited.
    private readonly Dictionary<int, int> _given = [];

    protected override string Why => "The device was waited for after a single piece of work";

    protected override string Advice =>
        "Wait once, where the result is needed: work of a stream keeps its order, and cuStreamWaitEvent orders streams without the host.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if (function.GivesWork && function.Stem is not ("cuEventRecord" or "cuStreamWaitEvent"))
        {
            _given[call.Thread] = Waits(call) ? 0 : _given.GetValueOrDefault(call.Thread) + 1;
        }
        else if (function.IsSynchronise && Waits(call))
        {
            if (_given.GetValueOrDefault(call.Thread) == 1)
            {
                Count(call, split, function);
            }

            _given[call.Thread] = 0;
        }
    }
}
