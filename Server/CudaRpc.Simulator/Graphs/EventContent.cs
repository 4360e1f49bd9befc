using System.Diagnostics;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Graphs;

/// <summary>
/// Records an event. To others the event is reached when the whole launch is done, which orders at least as much as the node does.
/// </summary>
internal sealed class EventRecordContent(DriverEvent target, nint handle) : NodeContent
{
    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_EVENT_RECORD;

    public DriverEvent Target => target;

    public override void Run(GraphLaunch launch, DriverContext context)
    {
        if (launch.Recordings.TryGetValue(target, out EventRecording? recording))
        {
            recording.Timestamp = Stopwatch.GetTimestamp();
        }
    }

    public override long RunTimed(GraphLaunch launch, DriverContext context, DeviceTiming timing, WorkStart start)
    {
        if (launch.Recordings.TryGetValue(target, out EventRecording? recording))
        {
            recording.Timestamp = start.Ready;
        }
        return start.Ready;
    }

    public override void Describe(ref CUgraphNodeParams parameters) => parameters.eventRecord.@event = new CUevent(handle);
}

/// <summary>Waits for an event as it was recorded when the graph was launched; the launch as a whole starts after it.</summary>
internal sealed class EventWaitContent(DriverEvent target, nint handle) : NodeContent
{
    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_WAIT_EVENT;

    public DriverEvent Target => target;

    public override void Run(GraphLaunch launch, DriverContext context)
    {
    }

    public override void Describe(ref CUgraphNodeParams parameters) => parameters.eventWait.@event = new CUevent(handle);
}
