using System.CommandLine;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc trace</c>: records a program's driver calls, and shows where its time went.</summary>
internal static class TraceCommand
{
    /// <summary>The group's own action is the recording: <c>cudarpc trace -- PROGRAM</c>.</summary>
    public static Command Create()
    {
        Command trace = TraceRecordCommand.Create();
        trace.Add(TraceShowCommand.Create());
        trace.Add(TraceExportCommand.Create());
        trace.Add(TraceCostCommand.Create());
        return trace;
    }
}
