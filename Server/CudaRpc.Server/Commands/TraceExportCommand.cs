using System.CommandLine;
using CudaRpc.Server.Tracing;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc trace export</c>: a recorded run for other tools.</summary>
internal static class TraceExportCommand
{
    public static Command Create()
    {
        Argument<FileInfo> file = new("FILE") { Description = "A trace that cudarpc trace wrote" };
        Option<string> format = new("--format")
        {
            Description = "chrome: JSON for ui.perfetto.dev and chrome://tracing; csv: a line for each call",
            DefaultValueFactory = _ => "chrome",
        };
        format.AcceptOnlyFromAmong("chrome", "csv");
        Option<FileInfo?> output = new("--output", "-o") { Description = "Write to this file, not to standard output", HelpName = "FILE" };
        Command command = new("export", "Turn a recorded run into a form that other tools read") { file, format, output };
        command.SetAction(parsed => Run(parsed.GetValue(file)!, parsed.GetValue(format)!, parsed.GetValue(output)));
        return command;
    }

    private static int Run(FileInfo file, string format, FileInfo? output)
    {
        try
        {
            OutputFile.RefuseTrace(output?.FullName, file.FullName);
            Trace trace = TraceFile.Read(file.FullName);
            foreach (string problem in trace.Problems)
            {
                Console.Error.WriteLine($"cudarpc trace export: {Readable.Clean(problem)}");
            }

            if (output is null)
            {
                using Stream stream = Console.OpenStandardOutput();
                Write(stream, trace, format);
            }
            else
            {
                OutputFile.Write(output.FullName, stream => Write(stream, trace, format));
            }

            return 0;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report("trace export", ExpectedFailure.Describe(failure)!);
        }
    }

    private static void Write(Stream stream, Trace trace, string format)
    {
        if (format == "csv")
        {
            using var text = new StreamWriter(stream);
            CsvExport.Write(text, trace);
        }
        else
        {
            ChromeExport.Write(stream, trace);
        }
    }
}
