using System.Diagnostics;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Execution;

/// <summary>Notes the time at which the stream came here.</summary>
internal sealed class RecordWork(EventRecording recording) : StreamWork
{
    public override void Run(DriverContext context) => recording.Timestamp = Stopwatch.GetTimestamp();

    public override long RunTimed(DriverContext context, DeviceTiming timing, WorkStart start) => recording.Timestamp = start.Ready;
}
