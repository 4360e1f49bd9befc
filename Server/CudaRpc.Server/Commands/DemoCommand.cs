using System.CommandLine;
using CudaRpc.Driver;
using CudaRpc.Kernels;
using CudaRpc.Protocol;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc demo</c>: the sample kernels, run through a server and verified.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        Option<string?> server = new("--server")
        {
            Description = "A running server (tcp://host:port, unix:///path, shm:///path), or sim: or native: for none. Without it, one with a simulated GPU is started",
            HelpName = "URL",
        };
        Option<bool> json = new("--json") { Description = "Print JSON instead of a table" };
        Option<int> repeat = new("--repeat")
        {
            Description = "Run each kernel this often and report the fastest run",
            DefaultValueFactory = _ => 1,
            HelpName = "N",
        };
        repeat.Validators.Add(result => Positive.Check(result, 1_000_000));
        Command command = new("demo", "Run the sample kernels through a server and verify their results") { server, json, repeat };
        command.SetAction(parsed => Run(parsed.GetValue(server), parsed.GetValue(json), parsed.GetValue(repeat)));
        return command;
    }

    private static int Run(string? url, bool json, int repeat)
    {
        try
        {
            using OwnServer? own = url is null ? OwnServer.Start("simulated", "tcp://127.0.0.1:0") : null;
            DemoReport report = RunKernels(url ?? own!.Urls[0], repeat);
            if (json)
            {
                report.WriteJson(Console.Out);
            }
            else
            {
                report.WriteTable();
            }

            return report.Verified ? 0 : 1;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report("demo", ExpectedFailure.Describe(failure)!);
        }
    }

    private static DemoReport RunKernels(string url, int repeat)
    {
        using CudaSession session = CudaSession.Connect(url);
        if (session.Devices is not [CudaDevice device, ..])
        {
            throw new InvalidOperationException($"{url} has no device");
        }

        try
        {
            return new DemoReport(url, device.Name, [.. KernelSamples.All.Select(sample => RunKernel(device, sample, repeat))]);
        }
        catch (CudaException failure) when (failure.Result == CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE)
        {
            throw new IOException($"the connection to {url} was lost", failure);
        }
    }

    // A context each, because a kernel that fails takes its context with it.
    private static DemoKernel RunKernel(CudaDevice device, KernelSample sample, int repeat)
    {
        try
        {
            using CudaContext context = device.CreateContext();
            KernelResult fastest = KernelRunner.Run(context, sample, sample.DefaultSize);
            for (int run = 1; run < repeat && fastest.Verified; run++)
            {
                KernelResult result = KernelRunner.Run(context, sample, sample.DefaultSize);
                fastest = !result.Verified || result.TotalTime < fastest.TotalTime ? result : fastest;
            }

            return DemoKernel.From(fastest);
        }
        catch (CudaException failure) when (failure.Result != CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE)
        {
            return DemoKernel.Failed(sample.Name, sample.Describe(sample.DefaultSize), failure.Message);
        }
    }
}
