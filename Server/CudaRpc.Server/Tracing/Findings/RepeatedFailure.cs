using CudaRpc.Driver;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Calls that fail as they failed before.</summary>
internal sealed class RepeatedFailure() : FindingRule("repeated-failure", least: 4)
{
    private readonly HashSet<(int Process, int Function, int Result)> _failed = [];

    protected override string Why => "Calls failed as they had failed before";

    protected override string Advice => "Remember what this device or server does not do; cudarpc doctor says what is not remoted.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if (call.Result is not 0 and not (int)CUresult.CUDA_ERROR_NOT_READY && Waits(call)
            && !_failed.Add((process, call.Function, call.Result)))
        {
            Count(call, split, function);
        }
    }
}
