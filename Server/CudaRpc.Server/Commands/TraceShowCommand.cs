using System.CommandLine;
using System.Text;
using CudaRpc.Server.Tracing;
using CudaRpc.Tracing;
using Spectre.Console;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc trace show</c>: where the time of a recorded run went.</summary>
internal static class TraceShowCommand
{
    // Wide enough for every table: who reads a pipe or a file can scroll.
    private const int PipedWidth = 220;

    public static Command Create()
    {
        Argument<FileInfo> file = new("FILE") { Description = "A trace that cudarpc trace wrote" };
        Option<FileInfo?> html = new("--html")
        {
            Description = "Write the report with charts to this file, as one page that needs no network",
            HelpName = "FILE",
        };
        Option<bool> json = new("--json") { Description = "Print JSON instead of tables" };
        Option<int> top = new("--top") { Description = "Rows of the longer tables", DefaultValueFactory = _ => 10, HelpName = "N" };
        top.Validators.Add(result => Positive.Check(result, 1_000_000));
        Command command = new("show", "Show where the time of a recorded run went, and which round trips could be avoided")
        {
            file, html, json, top,
        };
        command.SetAction(parsed => Run(parsed.GetValue(file)!, parsed.GetValue(html), parsed.GetValue(json), parsed.GetValue(top)));
        return command;
    }

    private static int Run(FileInfo file, FileInfo? html, bool json, int top)
    {
        try
        {
            OutputFile.RefuseTrace(html?.FullName, file.FullName);
            Trace trace = TraceFile.Read(file.FullName);
            TraceReport report = TraceAnalysis.Of(trace, top);
            if (html is not null)
            {
                byte[] page = Encoding.UTF8.GetBytes(ReportPage.Write(trace, report, top));
                OutputFile.Write(html.FullName, stream => stream.Write(page));
            }

            if (json)
            {
                ReportJson.Write(Console.Out, report);
            }
            else
            {
                if (Console.IsOutputRedirected)
                {
                    AnsiConsole.Profile.Width = PipedWidth;
                }

                ReportText.Write(AnsiConsole.Console, report, top);
            }

            return 0;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report("trace show", ExpectedFailure.Describe(failure)!);
        }
    }
}
