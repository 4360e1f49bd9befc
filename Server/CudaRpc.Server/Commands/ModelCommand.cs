using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using CudaRpc.Model;
using CudaRpc.Server.Commands.Model;
using CudaRpc.Server.Tracing;
using CudaRpc.Tracing;
using CudaRpc.Transport;
using CudaRpc.Workloads;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc model</c>: what a traced program takes over a network that is not there.</summary>
internal static class ModelCommand
{
    private static readonly Argument<string?> s_file = new("FILE")
    {
        Description = "What cudarpc trace has recorded",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> s_rtt = new("--rtt") { Description = "The network's round trip, as 20us", HelpName = "TIME" };
    private static readonly Option<string?> s_bandwidth = new("--bandwidth")
    {
        Description = "Of each direction, as 25Gbps; endless without it",
        HelpName = "RATE",
    };
    private static readonly Option<string?> s_jitter = new("--jitter")
    {
        Description = "By how much each way's delay varies",
        HelpName = "TIME",
    };
    private static readonly Option<string?> s_sweep = new("--sweep")
    {
        Description = "Predict a grid of networks, as 0us,20us,100us x 10Gbps,100Gbps; a usual one without a value",
        HelpName = "TIMES x RATES",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> s_csv = new("--csv") { Description = "Write the grid to this file", HelpName = "FILE" };
    private static readonly Option<string?> s_chart = new("--chart")
    {
        Description = "Draw the grid to this file, as SVG",
        HelpName = "FILE",
    };
    private static readonly Option<string?> s_require = new("--require")
    {
        Description = "Find the worst networks that slow the program down no more than this, as 5%",
        HelpName = "PERCENT",
    };
    private static readonly Option<string?> s_without = new("--without")
    {
        Description = "Leave out techniques: any of posting,local,minted,dedup",
        HelpName = "LIST",
    };
    private static readonly Option<string?> s_costs = new("--costs")
    {
        Description = "What calls cost beside the network, as --calibrate wrote it",
        HelpName = "FILE",
    };
    private static readonly Option<bool> s_calibrate = new("--calibrate")
    {
        Description = "Measure what calls cost beside the network, for --costs",
    };
    private static readonly Option<string?> s_server = new("--server")
    {
        Description = "With --calibrate: a running server. Without it, one whose driver does nothing is started",
        HelpName = "URL",
    };
    private static readonly Option<string?> s_output = new("--output", "-o")
    {
        Description = "With --calibrate: the file to write; without it the costs are printed",
        HelpName = "FILE",
    };
    private static readonly Option<bool> s_validate = new("--validate")
    {
        Description = "Compare predictions with runs of workloads over emulated networks; takes two minutes",
    };
    private static readonly Option<string?> s_markdown = new("--markdown")
    {
        Description = "With --validate: write the tables to this file",
        HelpName = "FILE",
    };
    private static readonly Option<string?> s_workload = new("--workload")
    {
        Description = "With --validate: of these only",
        HelpName = "NAMES",
    };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print JSON" };

    public static Command Create()
    {
        Command command = new("model", "Predict what a traced program takes over other networks, and what network it needs")
        {
            s_file, s_rtt, s_bandwidth, s_jitter, s_sweep, s_csv, s_chart, s_require, s_without, s_costs, s_calibrate, s_server,
            s_output, s_validate, s_markdown, s_workload, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        try
        {
            RefuseStrays(parsed);
            if (parsed.GetValue(s_calibrate))
            {
                Calibrate(parsed.GetValue(s_server), parsed.GetValue(s_output));
            }
            else if (parsed.GetValue(s_validate))
            {
                return Validate(parsed.GetValue(s_workload), parsed.GetValue(s_markdown), parsed.GetValue(s_json)) ? 0 : 1;
            }
            else
            {
                Predict(parsed);
            }

            return 0;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report("model", ExpectedFailure.Describe(failure)!);
        }
    }

    // An option that says nothing is a mistake: its user expects something of it.
    private static void RefuseStrays(ParseResult parsed)
    {
        (string what, Option[] takes) = parsed.GetValue(s_calibrate) ? (s_calibrate.Name, new Option[] { s_calibrate, s_server, s_output })
            : parsed.GetValue(s_validate) ? (s_validate.Name, [s_validate, s_workload, s_markdown, s_json])
            : ("a prediction", [s_rtt, s_bandwidth, s_jitter, s_sweep, s_csv, s_chart, s_require, s_without, s_costs, s_json]);
        IEnumerable<OptionResult> given = parsed.CommandResult.Children.OfType<OptionResult>().Where(static one => !one.Implicit);
        string? stray = takes[0] != s_rtt && parsed.GetValue(s_file) is { } file ? file
            : given.FirstOrDefault(one => !takes.Contains(one.Option))?.IdentifierToken?.Value;
        if (stray is not null)
        {
            throw new FormatException($"{stray} does not go with {what}; cudarpc model --help tells what does");
        }
    }

    private static void Calibrate(string? server, string? output)
    {
        OutputFile.Check(output);
        ModelCosts costs = server is null ? Calibration.MeasureHere() : Calibration.Measure(ServerUrl.Parse(server));
        if (output is null)
        {
            costs.Write(Console.Out);
        }
        else
        {
            OutputFile.WriteText(output, costs.Write);
        }

        Warn(costs);
    }

    private static void Warn(ModelCosts costs)
    {
        if (costs.Unsteady.Count > 0)
        {
            IEnumerable<string> figures = costs.Unsteady.Select(static one =>
                string.Create(CultureInfo.InvariantCulture, $"{one.Key} by {one.Value * 100:F0} %"));
            Console.Error.WriteLine(
                $"cudarpc model: the costs may be far off, as their repeats differ: {string.Join(", ", figures)}. "
                + "Calibrate on a machine that does nothing else");
        }
    }

    private static bool Validate(string? names, string? markdown, bool json)
    {
        string[] asked = names?.Split(',') ?? [.. WorkloadCatalog.Long.Select(static one => one.Name)];
        Workload[] workloads = [.. WorkloadCatalog.Long.Where(workload => asked.Contains(workload.Name))];
        if (workloads.Length < asked.Length)
        {
            throw new FormatException($"--workload takes any of {string.Join(",", WorkloadCatalog.Long.Select(static one => one.Name))}");
        }

        OutputFile.Check(markdown);
        ValidationReport report = Validation.Run(workloads, step => Console.Error.WriteLine($"cudarpc model: {step}"));
        Warn(report.Costs);
        if (markdown is not null)
        {
            OutputFile.WriteText(markdown, report.WriteMarkdown);
        }

        if (json)
        {
            report.WriteJson(Console.Out);
        }
        else
        {
            report.WriteMarkdown(Console.Out);
        }

        return report.IsWithinBounds;
    }

    private static void Predict(ParseResult parsed)
    {
        string file = parsed.GetValue(s_file) ?? throw new FormatException("which trace? cudarpc trace -- PROGRAM records one");
        bool isSweep = parsed.GetResult(s_sweep) is not null;
        bool isOne = (parsed.GetValue(s_rtt) ?? parsed.GetValue(s_bandwidth)) is not null;
        string? require = parsed.GetValue(s_require);
        if (!isSweep && !isOne && require is null)
        {
            throw new FormatException("which network? Say --rtt and --bandwidth, or --sweep, or --require");
        }

        if (!isOne && parsed.GetValue(s_jitter) is not null)
        {
            throw new FormatException("--jitter goes with --rtt and --bandwidth");
        }

        if (!isSweep && (parsed.GetValue(s_csv) ?? parsed.GetValue(s_chart)) is not null)
        {
            throw new FormatException("--csv and --chart go with --sweep");
        }

        // What is wrong with the question is said before a large trace is read.
        var network = isOne ? NetworkArguments.One(parsed.GetValue(s_rtt), parsed.GetValue(s_bandwidth), parsed.GetValue(s_jitter)) : null;
        (double[] Rates, TimeSpan[] Rtts)? grid = isSweep ? NetworkArguments.Grid(parsed.GetValue(s_sweep)) : null;
        double? most = require is null ? null : NetworkArguments.Percent(require);
        Techniques without = NetworkArguments.Techniques(parsed.GetValue(s_without));
        ModelCosts costs = parsed.GetValue(s_costs) is string path ? ModelCosts.Read(path) : new ModelCosts();
        Warn(costs);
        OutputFile.RefuseTrace(parsed.GetValue(s_csv), file);
        OutputFile.RefuseTrace(parsed.GetValue(s_chart), file);
        OutputFile.Check(parsed.GetValue(s_csv));
        OutputFile.Check(parsed.GetValue(s_chart));

        Trace trace = TraceFile.Read(file);
        foreach (string problem in trace.Problems)
        {
            Console.Error.WriteLine($"cudarpc model: {file}: {Readable.Clean(problem)}");
        }

        // What the file names goes to terminals and into an SVG, which has no place for control characters.
        trace = trace with
        {
            Header = trace.Header with { Command = [.. trace.Header.Command.Select(Readable.Clean)] },
            Functions = [.. trace.Functions.Select(Readable.Clean)],
        };

        ProgramModel model = ProgramModel.Of(trace, costs, without);
        var report = new ModelReport(
            string.Join(' ', trace.Header.Command), trace.Calls.Count, without.ToString(), trace.Duration, model.FreeTime,
            network is null ? null : NetworkPrediction.Of(model, network),
            grid is null ? null : [.. SweepPoint.All(model, trace, grid.Value.Rtts, grid.Value.Rates)],
            most is null ? null : FrontierReport.Of(Frontier.Find(model, most.Value, grid?.Rates ?? NetworkArguments.UsualRates)));
        if (parsed.GetValue(s_csv) is string csvFile)
        {
            OutputFile.WriteText(csvFile, csv => SweepPoint.WriteCsv(csv, report.Sweep!));
        }

        if (parsed.GetValue(s_chart) is string chartFile)
        {
            OutputFile.WriteText(chartFile, chart => chart.Write(SweepChart.Draw(report)));
        }

        if (parsed.GetValue(s_json))
        {
            report.WriteJson(Console.Out);
        }
        else
        {
            ModelTable.Write(report);
        }
    }
}
