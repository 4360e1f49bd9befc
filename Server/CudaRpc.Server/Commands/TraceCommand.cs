using System.CommandLine;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc trace</c>: where a program's time goes.</summary>
internal static class TraceCommand
{
    public static Command Create() => new("trace", "Look at the driver calls of a program's run")
    {
        TraceShowCommand.Create(),
        TraceExportCommand.Create(),
    };
}
