using System.Collections;
using System.CommandLine;
using CudaRpc.Transport;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc run -- PROGRAM</c>: becomes the program, for which the server's GPU is this machine's.</summary>
internal static class RunCommand
{
    private const int NotFound = 127;

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
        Argument<string[]> program = new("program")
        {
            Description = "The program and its arguments, behind --",
            Arity = ArgumentArity.OneOrMore,
        };
        Command command = new("run", "Run a program that uses CUDA on a server's GPU.") { server, shim, program };
        command.SetAction(parsed => Run(parsed.GetValue(server), parsed.GetValue(shim), parsed.GetValue(program)!));
        return command;
    }

    /// <summary>This process's environment with what the program needs to find the shim, and the shim its server.</summary>
    /// <param name="environment">The environment before.</param>
    /// <param name="shim">Folder of the shim, absolute.</param>
    /// <param name="server">The server's URL.</param>
    internal static Dictionary<string, string> Environment(IReadOnlyDictionary<string, string> environment, string shim, string server)
    {
        Dictionary<string, string> result = new(environment)
        {
            ["LD_LIBRARY_PATH"] = environment.TryGetValue("LD_LIBRARY_PATH", out string? path) && path.Length > 0 ? $"{shim}:{path}" : shim,
            [ClientConfiguration.ServerVariable] = server,
            // These look for the library by themselves, in the list of the machine's libraries: Triton, Numba.
            ["TRITON_LIBCUDA_PATH"] = shim,
            ["NUMBA_CUDA_DRIVER"] = Path.Combine(shim, ShimLocation.FileName),
        };
        return result;
    }

    private static int Run(string? server, string? shim, string[] program)
    {
        // Whatever is no option of ours is the program, where nobody looks: a program of that name is ./--name.
        if (program[0].StartsWith('-'))
        {
            return ExpectedFailure.Report("run", $"{program[0]} is no option of `cudarpc run`");
        }

        try
        {
            ServerUrl url = ServerUrl.Parse(server ?? ClientConfiguration.Read().Server);
            if (url.Scheme == "native")
            {
                throw new FormatException("native: is this machine's own driver; a program needs nothing of ours to use it");
            }

            Dictionary<string, string> before = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .ToDictionary(static entry => (string)entry.Key, static entry => (string)entry.Value!);
            string problem = ProcessImage.Replace(program, Environment(before, ShimLocation.Find(shim), url.ToString()));
            // As a shell says it: 127 where there is no such program, 126 where it cannot be run.
            Console.Error.WriteLine($"cudarpc run: {program[0]}: {problem}");
            return ProcessImage.LastWasNotFound ? NotFound : 126;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            int code = ExpectedFailure.Report("run", ExpectedFailure.Describe(failure)!);
            if (ProgramFile.Find(program[0]) is not null || Directory.Exists(program[0]))
            {
                return code;
            }

            Console.Error.WriteLine($"cudarpc run: {program[0]}: No such file or directory");
            return NotFound;
        }
    }
}
