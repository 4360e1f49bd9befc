using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>
/// The same question again. A trace has no arguments: questions of one function, stream and event with as many bytes and the same result
/// are taken for the same.
/// </summary>
internal sealed class RepeatedQuestion() : FindingRule("repeated-question", least: 3)
{
    private readonly HashSet<(int Process, int Function, int Stream, int Event, long BytesOut, long BytesIn, int Result)> _asked = [];

    protected override string Why => "What was asked before is asked again, and answered alike";

    protected override string Advice => "Ask once and keep the answer: it changes only where the program changes it.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if (function.IsQuestion && Waits(call)
            && !_asked.Add((process, call.Function, call.Stream, call.Event, call.BytesOut, call.BytesIn, call.Result)))
        {
            Count(call, split, function);
        }
    }
}
