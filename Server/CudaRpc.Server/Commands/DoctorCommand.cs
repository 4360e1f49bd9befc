using System.CommandLine;
using CudaRpc.Server.Commands.Doctor;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc doctor</c>: what would fail for this machine, this server and this program, and why.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Option<string?> server = new("--server")
        {
            Description = "tcp://host:port, unix:///path, shm:///path or sim:. Default: CUDARPC_SERVER or the configuration file",
            HelpName = "URL",
        };
        Option<string?> shim = new("--shim")
        {
            Description = "Folder of libcuda.so.1. Default: CUDARPC_SHIM, or beside this command",
            HelpName = "FOLDER",
        };
        Argument<string?> program = new("program") { Description = "A program to look at; it is not started", Arity = ArgumentArity.ZeroOrOne };
        Command command = new("doctor", "Say what would fail for this machine, a server and a program, and why.") { server, shim, program };
        command.SetAction(parsed => Run(parsed.GetValue(server), parsed.GetValue(shim), parsed.GetValue(program)));
        return command;
    }

    private static int Run(string? server, string? shim, string? program)
    {
        var findings = new Findings(Console.Out);
        using CudaSession? session = ServerCheck.Run(server, findings);
        string? folder = ShimCheck.Run(shim, findings);
        if (program is not null)
        {
            ProgramCheck.Run(program, folder, session, findings);
        }

        return findings.Failed ? 1 : 0;
    }
}
