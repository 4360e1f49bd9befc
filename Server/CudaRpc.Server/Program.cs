using System.CommandLine;
using CudaRpc.Server.Commands;

var root = new RootCommand("Use an NVIDIA GPU that is in another machine: the server, and tools around it.")
{
    ServeCommand.Create(),
    DevicesCommand.Create(),
    DemoCommand.Create(),
    CoverageCommand.Create(),
};
return root.Parse(args).Invoke();
