using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CudaRpc.Workloads;
using CudaRpc.Workloads.Models;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc workload</c>: runs a program that is known by its driver calls, and says how long its steps take.</summary>
internal static class WorkloadCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("NAME") { Description = "The workload; --list names them.", Arity = ArgumentArity.ZeroOrOne };
        var list = new Option<bool>("--list") { Description = "List the workloads." };
        var server = new Option<string?>("--server")
        {
            Description = "A server with --device-time, or sim:?device-time=PROFILE. Default: CUDARPC_SERVER or the configuration file.",
            HelpName = "URL",
        };
        var steps = Number("--steps", "Steps to run; each workload has a number of its own.", 1_000_000);
        var batch = Number("--batch", "Images or sequences at a time, for models.", 4096);
        var sequence = Number("--sequence", "Tokens of a sequence, for models of text.", 65536);
        var think = new Option<int>("--think")
        {
            Description = "Nanoseconds of the program's own before each launch of a model.",
            DefaultValueFactory = _ => (int)new WorkloadOptions().Think,
            HelpName = "NS",
        };
        var device = new Option<string>("--device")
        {
            Description = "The device that a model's kernels take the time of.",
            DefaultValueFactory = _ => new WorkloadOptions().Device.Name,
        };
        device.AcceptOnlyFromAmong([.. RooflineDevice.All.Select(static known => known.Name)]);
        think.Validators.Add(result => Positive.Check(result, 1_000_000_000, minimum: 0));
        var prefetch = new Option<bool>("--prefetch") { Description = "Have training copy the next batch while the device is busy with this one." };
        var json = new Option<bool>("--json") { Description = "Write JSON." };
        var command = new Command("workload", "Run a program that is known by its driver calls, and time its steps.")
        {
            name, list, server, steps, batch, sequence, prefetch, think, device, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(name) is { } asked && WorkloadCatalog.Find(asked) is not null)
            {
                bool model = WorkloadCatalog.IsModel(asked);
                (Option Option, bool Counts)[] options =
                [
                    (batch, model), (sequence, model && !asked.StartsWith("resnet", StringComparison.Ordinal)),
                    (prefetch, model && asked.EndsWith("-training", StringComparison.Ordinal)), (think, model), (device, model),
                ];
                if (Array.Find(options, one => !one.Counts && result.GetResult(one.Option) is { Implicit: false }).Option is { } idle)
                {
                    result.AddError($"{idle.Name} changes nothing of {asked}");
                }
            }
        });
        command.SetAction(parsed =>
        {
            var options = new WorkloadOptions
            {
                Batch = parsed.GetValue(batch) ?? 0,
                Sequence = parsed.GetValue(sequence) ?? 0,
                Prefetch = parsed.GetValue(prefetch),
                Think = parsed.GetValue(think),
                Device = RooflineDevice.All.Single(known => known.Name == parsed.GetValue(device)),
            };
            return parsed.GetValue(list) || parsed.GetValue(name) is not { } asked
                ? List(options)
                : Run(asked, options, parsed.GetValue(server), parsed.GetValue(steps), parsed.GetValue(json));
        });
        return command;
    }

    private static Option<int?> Number(string name, string description, int most)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result => Positive.Check(result, most));
        return option;
    }

    private static int List(WorkloadOptions options)
    {
        foreach (Workload workload in WorkloadCatalog.Names.Select(name => WorkloadCatalog.Find(name, options)!))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{workload.Name,-20} {workload.Calls,5} calls, {workload.KernelTime / 1e3,8:F0} us of kernels: {workload.Description}"));
        }

        return 0;
    }

    private static int Run(string name, WorkloadOptions options, string? url, int? steps, bool json)
    {
        if (WorkloadCatalog.Find(name, options) is not { } workload)
        {
            return ExpectedFailure.Report("workload", $"no workload is called {name}; cudarpc workload --list names them");
        }

        try
        {
            using CudaSession session = url is null ? CudaSession.Connect() : CudaSession.Connect(url);
            using var program = new WorkloadProgram(session.Driver, workload);
            WorkloadReport report = WorkloadReport.Of(workload, program.Run(steps ?? workload.Steps));
            Console.WriteLine(json ? JsonSerializer.Serialize(report, WorkloadJson.Default.WorkloadReport) : report.ToText());
            return 0;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report("workload", ExpectedFailure.Describe(failure)!);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(WorkloadReport))]
internal sealed partial class WorkloadJson : JsonSerializerContext;
