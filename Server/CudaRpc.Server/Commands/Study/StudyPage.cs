using System.Globalization;
using System.Text;
using CudaRpc.Model;
using CudaRpc.Tracing;
using CudaRpc.Transport.Emulation;

namespace CudaRpc.Server.Commands.Study;

/// <summary>The study's tables, in Markdown.</summary>
internal static class StudyPage
{
    /// <summary>Overheads that are asked for.</summary>
    public static double[] Overheads { get; } = [0.01, 0.05, 0.10];

    private static readonly double[] s_gigabits = [1, 10, 25, 100, 200];
    private static readonly (string Name, Techniques Technique)[] s_techniques =
        [("posting", Techniques.Posting), ("local answers", Techniques.Local), ("minted handles", Techniques.Minted), ("deduplication", Techniques.Dedup)];

    /// <summary>The network on which techniques are compared.</summary>
    public static NetworkConditions Reference { get; } = Network(20, 25);

    private static readonly NetworkConditions[] s_networks = [Network(2, 200), Network(5, 100), Network(20, 25), Network(50, 10), Network(200, 10), Network(1000, 1)];

    public static string Write(IReadOnlyList<StudyProgram> programs, StudyProgram objects)
    {
        var page = new StringBuilder();
        Programs(page, programs);
        foreach (double overhead in Overheads)
        {
            Requirements(page, programs, overhead);
        }

        Locally(page, programs);
        AppendTechniques(page, [.. programs, objects]);
        return page.ToString();
    }

    private static void Programs(StringBuilder page, IReadOnlyList<StudyProgram> programs)
    {
        page.Append("### The programs, by step\n\n");
        Row(page, "program", "calls", "posted", "answered locally", "waited for", "KiB out", "KiB in", "kernels, ms", "in process, ms", "remote, free network, ms");
        Row(page, "---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:");
        foreach (StudyProgram program in programs)
        {
            IReadOnlyList<TraceCall> calls = program.Trace.Calls;
            Row(page, program.Name,
                Per(calls.Count), Per(Count(TraceClass.Posted)), Per(Count(TraceClass.Local)), Per(Count(TraceClass.Synchronous) + Count(TraceClass.Blocking)),
                Per(calls.Sum(static call => call.BytesOut) / 1024.0), Per(calls.Sum(static call => call.BytesIn) / 1024.0),
                Milliseconds(program.Workload.KernelTime), Milliseconds(program.Local), Milliseconds(program.Model.FreeTime / StudyProgram.Steps));

            int Count(TraceClass kind) => calls.Count(call => call.Class == kind);
        }

        page.Append('\n');
    }

    private static void Requirements(StringBuilder page, IReadOnlyList<StudyProgram> programs, double overhead)
    {
        page.Append(CultureInfo.InvariantCulture, $"### At most {overhead * 100:0} % slower\n\nThe longest round trip in microseconds at a bandwidth, and the least bandwidth without any round trip.\n\n");
        Row(page, ["program", .. s_gigabits.Select(static rate => $"{rate} Gbit/s"), "least, Gbit/s", "bound by, at 25 Gbit/s"]);
        Row(page, ["---", .. s_gigabits.Select(static _ => "--:"), "--:", "---"]);
        foreach (StudyProgram program in programs)
        {
            Frontier frontier = Frontier.Find(program.Model, overhead, s_gigabits.Select(static rate => rate * 1e9 / 8));
            Row(page, [program.Name, .. frontier.Points.Select(Longest), Number(frontier.LeastBandwidth * 8 / 1e9), frontier.Points[2].Binding]);
        }

        page.Append('\n');
    }

    private static void Locally(StringBuilder page, IReadOnlyList<StudyProgram> programs)
    {
        page.Append("### Against the device in the same process\n\nHow much slower a step is.\n\n");
        Row(page, ["program", .. s_networks.Select(static network => $"{network.Rtt.TotalMicroseconds:0} us, {network.BytesPerSecond * 8 / 1e9:0} Gbit/s")]);
        Row(page, ["---", .. s_networks.Select(static _ => "--:")]);
        foreach (StudyProgram program in programs)
        {
            Row(page, [program.Name, .. s_networks.Select(network => Percent(program.SlowdownToLocal(network)))]);
        }

        page.Append('\n');
    }

    private static void AppendTechniques(StringBuilder page, IReadOnlyList<StudyProgram> programs)
    {
        page.Append("### What each technique buys\n\nHow much slower a step is at 20 us and 25 Gbit/s, and what comes before the first step, in milliseconds.\n\n");
        Row(page, ["program", "slower by", .. s_techniques.Select(static technique => $"without {technique.Name}"), "before the first step", .. s_techniques.Select(static technique => $"without {technique.Name}")]);
        Row(page, ["---", "--:", .. s_techniques.Select(static _ => "--:"), "--:", .. s_techniques.Select(static _ => "--:")]);
        foreach (StudyProgram program in programs)
        {
            Row(page,
            [
                program.Name, Percent(program.Slowdown(Reference)),
                .. s_techniques.Select(technique => Percent(program.Slowdown(Reference, technique.Technique))),
                Milliseconds(program.StartTime(Reference)),
                .. s_techniques.Select(technique => Milliseconds(program.StartTime(Reference, technique.Technique))),
            ]);
        }
    }

    private static NetworkConditions Network(int microseconds, double gigabits) => new(TimeSpan.FromMicroseconds(microseconds), gigabits * 1e9 / 8, TimeSpan.Zero);

    private static void Row(StringBuilder page, params ReadOnlySpan<string> cells) => page.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Longest(FrontierPoint point) => point.LongestRtt switch
    {
        null => "none",
        { TotalSeconds: >= 10 } => "any",
        { } rtt => Number(rtt.TotalMicroseconds),
    };

    private static string Per(double all) => Number(all / StudyProgram.Steps);

    private static string Milliseconds(long nanoseconds) => Number(nanoseconds / 1e6);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{Number(share * 100)} %");

    // Three digits are more than the model promises.
    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "none",
        >= 100 or <= -100 => value.ToString("F0", CultureInfo.InvariantCulture),
        >= 10 or <= -10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##", CultureInfo.InvariantCulture),
    };
}
