using CudaRpc.Driver;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Asking whether the device is done while it is not.</summary>
internal sealed class Polling() : FindingRule("polling", least: 2)
{
    protected override string Why => "The device was asked whether it is done, and was not";

    protected override string Advice =>
        "Wait with cuStreamSynchronize or cuEventSynchronize in a thread of its own, or let cuLaunchHostFunc tell: each "
        + "question in vain is a round trip.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        bool isPoll = function.IsPoll || (call.Marks & TraceMarks.Poll) != 0;
        if (isPoll && Waits(call) && call.Result == (int)CUresult.CUDA_ERROR_NOT_READY)
        {
            Count(call, split, function);
        }
    }
}
