using System.Collections;
using System.CommandLine;
using System.Globalization;
using CudaRpc.Driver;
using CudaRpc.Tracing;
using CudaRpc.Transport;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc trace -- PROGRAM</c>: runs the program as <c>cudarpc run</c> does, and records its driver calls in a file.</summary>
internal static class TraceRecordCommand
{
    private const string Name = "trace";
    private const int NotRunnable = 126;
    private const int NotFound = 127;

    public static Command Create()
    {
        Option<string?> server = new("--server")
        {
            Description = "tcp://host:port, unix:///path, shm:///path or sim:. Default: CUDARPC_SERVER or the configuration file",
            HelpName = "URL",
        };
        Option<bool> local = new("--local") { Description = "Use this machine's own driver, nothing is remoted" };
        Option<string?> output = new("--output", "-o") { Description = "The trace. Default: PROGRAM.cudatrace", HelpName = "FILE" };
        Option<bool> deviceTimes = new("--device-times")
        {
            Description = "Record when the device did the work, too; that takes two events for each piece of it",
        };
        Option<string?> shim = new("--shim")
        {
            Description = "Folder of libcuda.so.1. Default: CUDARPC_SHIM, or beside this command",
            HelpName = "FOLDER",
        };
        // The program is what is left over: an argument would be one of `trace show` as well, in its help.
        Command command = new(Name, "Record the driver calls of a program's run: cudarpc trace [options] -- PROGRAM [ARGUMENTS]")
        {
            server, local, output, deviceTimes, shim,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.Validators.Add(result =>
        {
            if (result.GetValue(local) && result.GetValue(server) is not null)
            {
                result.AddError("--local is this machine's driver; it goes without --server");
            }
        });
        command.SetAction(parsed => Run(
            parsed.GetValue(local) ? "native:" : parsed.GetValue(server),
            parsed.GetValue(output),
            parsed.GetValue(deviceTimes),
            parsed.GetValue(shim),
            [.. parsed.UnmatchedTokens]));
        return command;
    }

    private static int Run(string? server, string? output, bool deviceTimes, string? shim, string[] program)
    {
        if (program.Length == 0)
        {
            return ExpectedFailure.Report(Name, "say what to run, as in `cudarpc trace -- ./program`");
        }

        // Whatever is no option of ours is the program, where nobody looks: a program of that name is ./--name.
        if (program[0].StartsWith('-'))
        {
            return ExpectedFailure.Report(Name, $"{program[0]} is no option of `cudarpc trace`");
        }

        try
        {
            string folder = ShimLocation.Find(shim);
            ServerUrl url = ServerUrl.Parse(server ?? ClientConfiguration.Read().Server);
            url = url is { Scheme: "native", Path: "" } ? ServerUrl.Parse("native:" + OwnDriver.Find()) : url;
            if (url.Scheme == "native")
            {
                OwnDriver.RefuseShim(url.Path);
                _ = new NativeDriver(url.Path); // What does not load is told once, and not by the program's own copy of us.
            }

            if (ProgramFile.Find(program[0]) is not { } file)
            {
                if (program[0].Contains('/') && Directory.Exists(program[0]))
                {
                    Console.Error.WriteLine($"cudarpc trace: {program[0]}: Permission denied");
                    return NotRunnable;
                }

                Console.Error.WriteLine($"cudarpc trace: {program[0]}: No such file or directory");
                return NotFound;
            }

            string trace = OutputFile.Follow(output ?? Path.GetFileName(program[0]) + ".cudatrace");
            using TraceOutput begun = Begin(trace, program, deviceTimes);
            Dictionary<string, string> environment = RunCommand.Environment(Variables(), folder, url.ToString());
            environment[ClientConfiguration.TraceVariable] = trace;
            environment[ClientConfiguration.DeviceTimesVariable] = deviceTimes ? "1" : "0";
            int code = ChildProcess.Run(file, program[1..], environment, out string? problem);
            if (problem is not null)
            {
                File.Delete(trace);
                Console.Error.WriteLine($"cudarpc trace: {program[0]}: {problem}");
                return code;
            }

            Console.Error.WriteLine($"cudarpc trace: {Summary(output ?? Path.GetFileName(trace), trace, program[0])}");
            return code;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report(Name, ExpectedFailure.Describe(failure)!);
        }
    }

    // Before the program starts: a file that cannot be written is told now. Nobody else records into it while this process has it.
    private static TraceOutput Begin(string trace, string[] program, bool deviceTimes)
    {
        if (FileStatus.Of(trace).IsRegular && new FileInfo(trace).Length > 0 && !TraceFile.IsTrace(trace))
        {
            throw new IOException($"{trace} exists and is no trace; name another file with -o");
        }

        TraceOutput begun = TraceOutput.CreateAlone(trace);
        TraceFile.WriteCommand(begun, program, Environment.ProcessorCount, deviceTimes);
        return begun;
    }

    private static Dictionary<string, string> Variables() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .ToDictionary(static entry => (string)entry.Key, static entry => (string)entry.Value!);

    private static string Summary(string shown, string trace, string program)
    {
        if (!File.Exists(trace))
        {
            return $"{shown} is gone";
        }

        (long calls, long lost) = TraceFile.CountCalls(trace);
        if (calls == 0 && lost == 0)
        {
            return $"{program} made no driver call that a driver answered; where libcuda.so.1 found no server it has said so above, else "
                + $"`cudarpc doctor {program}` says how the program looks for the driver";
        }

        string size = new FileInfo(trace).Length is var bytes && bytes < 10 << 20
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes >> 10} KiB")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB");
        string missing = lost == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {lost} more not recorded for lack of room");
        return string.Create(CultureInfo.InvariantCulture, $"{calls} calls in {shown} ({size}){missing}; next: cudarpc trace show {shown}");
    }
}
