using System.Diagnostics;
using CudaRpc.Driver;

namespace CudaRpc.Client;

// Calls that somebody listens to. Apart from those that nobody does: they are to cost no more than a look.
internal unsafe ref partial struct Call
{
    /// <summary>Sends the call without waiting. Its failure, should it fail, is returned by a later call.</summary>
    public CUresult Post() =>
        SessionTelemetry.IsSupported && !_lane.IsPart && _session.Telemetry is { TracesCalls: true } telemetry ? PostTraced(telemetry) : PostQuietly();

    /// <summary>Sends the call and waits. On success the results are read next, then <see cref="End"/>.</summary>
    public CUresult Invoke() =>
        SessionTelemetry.IsSupported && !_lane.IsPart && _session.Telemetry is { ObservesReplies: true } telemetry ? InvokeObserved(telemetry) : InvokeQuietly();

    private CUresult PostTraced(SessionTelemetry telemetry)
    {
        Activity? span = telemetry.Begin(_callId, "posted");
        try
        {
            CUresult result = PostQuietly();
            SessionTelemetry.End(span, result);
            return result;
        }
        catch (Exception failure)
        {
            SessionTelemetry.End(span, failure);
            throw;
        }
    }

    private CUresult InvokeObserved(SessionTelemetry telemetry)
    {
        Activity? span = telemetry.Begin(_callId, "synchronous");
        long began = Stopwatch.GetTimestamp();
        try
        {
            CUresult result = InvokeQuietly();
            telemetry.Record(_callId, began, result);
            SessionTelemetry.End(span, result);
            return result;
        }
        catch (Exception failure)
        {
            SessionTelemetry.End(span, failure);
            throw;
        }
    }
}
