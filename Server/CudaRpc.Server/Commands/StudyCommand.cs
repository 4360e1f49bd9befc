using System.CommandLine;
using CudaRpc.Model;
using CudaRpc.Server.Commands.Model;
using CudaRpc.Server.Commands.Study;
using CudaRpc.Simulator.Timing;
using CudaRpc.Transport;
using CudaRpc.Workloads;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc study</c>: makes the tables and plots of docs/network-requirements.md.</summary>
internal static class StudyCommand
{
    private const string Prefetching = ", prefetching";
    private const string Page = "network-requirements.md";
    private const string Begin = "<!-- made by cudarpc study -->\n", End = "<!-- end of what cudarpc study makes -->";

    public static Command Create()
    {
        var docs = new Option<string>("--docs")
        {
            Description = $"The folder of {Page}, whose tables are replaced, and of the plots.",
            DefaultValueFactory = _ => "docs",
            HelpName = "FOLDER",
        };
        var costs = new Option<string?>("--costs") { Description = "What calls cost beside the network, as cudarpc model --calibrate wrote it. Default: measured here.", HelpName = "FILE" };
        var command = new Command("study", "Find what network programs shaped like known models need, and write it down.") { docs, costs };
        command.SetAction(parsed =>
        {
            try
            {
                Write(parsed.GetValue(docs)!, parsed.GetValue(costs) is { } file ? ModelCosts.Read(file) : null);
                return 0;
            }
            catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
            {
                return ExpectedFailure.Report("study", ExpectedFailure.Describe(failure)!);
            }
        });
        return command;
    }

    private static void Write(string docs, ModelCosts? costs)
    {
        // Read first: a folder without the page is known before minutes of work.
        string page = File.ReadAllText(Path.Combine(docs, Page));
        int begin = page.IndexOf(Begin, StringComparison.Ordinal), end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new FormatException($"{Page} has no place for the tables, between '{Begin.Trim()}' and '{End}'");
        }

        OutputFile.Check(Path.Combine(docs, Page));
        (StudyProgram[] programs, StudyProgram objects) = Record(costs);
        Plot("network-inference.svg", StudyCharts.Frontiers("Inference", Of("inference")));
        Plot("network-training.svg", StudyCharts.Frontiers("Training", Of("training")));
        File.WriteAllText(Path.Combine(docs, Page), $"{page[..(begin + Begin.Length)]}\n{StudyPage.Write(programs, objects)}\n{page[end..]}");

        StudyProgram[] Of(string kind) => [.. programs.Where(program => program.Name.Contains(kind, StringComparison.Ordinal))];

        void Plot(string name, string svg) => File.WriteAllText(Path.Combine(docs, name), svg);
    }

    private static (StudyProgram[] Models, StudyProgram Objects) Record(ModelCosts? given)
    {
        const string Device = "A100", Inference = "-inference", Training = "-training";
        string socket = Path.Combine(Path.GetTempPath(), $"cudarpc-study-{Environment.ProcessId}.sock");
        using OwnServer server = OwnServer.Start(["--driver", "null", "--device-time", Device], [$"unix://{socket}"]);
        ModelCosts costs = given ?? Calibration.MeasureHere();
        IEnumerable<string> names = WorkloadCatalog.Names;
        return (
            [
                .. names.Where(static name => name.EndsWith(Inference, StringComparison.Ordinal)).Select(name => Record(name, "")),
                .. names.Where(static name => name.EndsWith(Training, StringComparison.Ordinal)).Select(name => Record(name, "")),
                .. names.Where(static name => name.StartsWith("resnet", StringComparison.Ordinal) && name.EndsWith(Training, StringComparison.Ordinal))
                    .Select(name => Record(name, Prefetching)),
            ],
            Record("object-heavy", ""));

        StudyProgram Record(string name, string how) => StudyProgram.Record(
            server.Urls[0], DeviceProfile.Find(Device)!, name + how,
            WorkloadCatalog.Find(name, new WorkloadOptions { Prefetch = how == Prefetching })!, costs);
    }
}
