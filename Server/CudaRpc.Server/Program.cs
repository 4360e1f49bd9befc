using System.CommandLine;
using System.CommandLine.Help;
using CudaRpc.Server.Commands;

// A plain command and not RootCommand, which takes its name from the file that happens to hold it.
var cudarpc = new Command("cudarpc", "Use an NVIDIA GPU that is in another machine: the server, and tools around it.")
{
    ServeCommand.Create(),
    DevicesCommand.Create(),
    RunCommand.Create(),
    DoctorCommand.Create(),
    DemoCommand.Create(),
    BenchCommand.Create(),
    WorkloadCommand.Create(),
    TraceCommand.Create(),
    ModelCommand.Create(),
    StudyCommand.Create(),
    CoverageCommand.Create(),
    new HelpOption(),
    new VersionOption(),
};
return CommandLine.Run(cudarpc, args);
