using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Simulator;
using CudaRpc.Simulator.Timing;
using CudaRpc.Transport;
using Microsoft.Extensions.Logging;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc serve</c>: serves a driver until SIGTERM or SIGINT.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var listen = new Option<string[]>("--listen")
        {
            Description = "URL to listen at, tcp://address:port, unix:///path or shm:///path (shared memory, for programs of this machine); may be repeated. Default: "
                + $"{DefaultSocket()} and tcp://127.0.0.1:{ServerUrl.DefaultPort}.",
            HelpName = "URL",
        };
        var driver = new Option<string>("--driver")
        {
            Description = "native: this machine's GPU; simulated: a GPU simulated on the CPU; null: one that runs no kernel and copies nothing, for measuring.",
            DefaultValueFactory = _ => "native",
        };
        driver.AcceptOnlyFromAmong("native", "simulated", "null");
        var library = new Option<string>("--libcuda")
        {
            Description = "The real driver library, by path or by name for the loader.",
            DefaultValueFactory = _ => "libcuda.so.1",
            HelpName = "PATH",
        };
        var memory = new Option<int>("--memory")
        {
            Description = "Memory of the simulated GPU, in MiB.",
            DefaultValueFactory = _ => 4096,
            HelpName = "MIB",
        };
        var devices = new Option<int>("--devices")
        {
            Description = "Devices of the simulated GPU, 1 to 16.",
            DefaultValueFactory = _ => 1,
            HelpName = "N",
        };
        var deviceTime = new Option<string?>("--device-time")
        {
            Description = "Have kernels and copies of the simulated or null GPU take the time that a device's would: "
                + $"{string.Join(", ", DeviceProfile.Named.Select(static profile => profile.Name))}, or a JSON file.",
            HelpName = "PROFILE",
        };
        devices.Validators.Add(result => Positive.Check(result, 16));
        var insecure = new Option<bool>("--insecure") { Description = "Allow addresses that other machines can reach. Nobody is asked who they are." };
        var sessions = new Option<int>("--max-sessions")
        {
            Description = "Most client programs at a time.",
            DefaultValueFactory = _ => new ServerLimits().Sessions,
            HelpName = "N",
        };
        memory.Validators.Add(result => Positive.Check(result, 1 << 20));
        sessions.Validators.Add(result => Positive.Check(result, 1 << 16));
        var json = new Option<bool>("--log-json") { Description = "Write the log as JSON lines." };
        var untilStdin = new Option<bool>("--until-stdin-ends") { Description = "Stop when standard input ends, as it does when the program that started the server is gone." };
        var command = new Command("serve", "Serve this machine's GPU, or a simulated one, to programs elsewhere.")
        {
            listen, driver, library, memory, devices, deviceTime, insecure, sessions, json, untilStdin,
        };
        command.SetAction(parsed => Run(new ServeSettings(
            parsed.GetValue(listen) is { Length: > 0 } given ? given : [DefaultSocket(), $"tcp://127.0.0.1:{ServerUrl.DefaultPort}"],
            parsed.GetValue(driver)!,
            parsed.GetValue(library)!,
            parsed.GetValue(memory),
            parsed.GetValue(devices),
            parsed.GetValue(deviceTime),
            parsed.GetValue(insecure),
            parsed.GetValue(sessions),
            parsed.GetValue(json),
            parsed.GetValue(untilStdin))));
        return command;
    }

    private static int Run(ServeSettings settings)
    {
        using ILoggerFactory logs = Logs(settings.LogJson);
        ILogger logger = logs.CreateLogger("cudarpc");
        try
        {
            ServerUrl[] urls = [.. settings.Listen.Select(ServerUrl.Parse)];
            if (Array.Find(urls, static url => url.IsInProcess) is ServerUrl unheard)
            {
                return Fail($"nobody can connect to {unheard}; a server listens at tcp://address:port, unix:///path or shm:///path");
            }

            // Also finds out about hosts that there are not.
            if (Array.Find(urls, static url => !SocketAddresses.IsLocal(url)) is ServerUrl open && !settings.Insecure)
            {
                return Fail($"{open} can be reached from other machines, and this server asks nobody who they are. "
                    + "Listen at 127.0.0.1 or a Unix socket, or say --insecure.");
            }

            if (Array.Find(urls, static url => url.IsPath && !Directory.Exists(Path.GetDirectoryName(url.Path))) is ServerUrl homeless)
            {
                return Fail($"cannot listen at {homeless}: there is no folder {Path.GetDirectoryName(homeless.Path)}");
            }

            if (settings is { DeviceTime: not null, Driver: "native" })
            {
                return Fail("--device-time is for --driver simulated and null: a GPU takes the time it takes.");
            }

            var gpu = new SimulatedGpuOptions
            {
                MemoryBytes = (ulong)settings.MemoryMiB << 20,
                DeviceCount = settings.Devices,
                DeviceTime = settings.DeviceTime is { } profile ? DeviceTimes.Read(profile) : null,
            };
            using DriverSource source = settings.Driver switch
            {
                "native" => DriverSource.Native(settings.Library),
                "null" => DriverSource.Null(gpu),
                _ => DriverSource.Simulated(gpu, message => ServerLog.DriverMessage(logger, message)),
            };
            using var server = new CudaServer(source.Open, new ServerLimits { Sessions = settings.MaxSessions }, logger);
            if (server.Devices.InitStatus != CUresult.CUDA_SUCCESS || server.Devices.Devices.Count == 0)
            {
                return Fail($"the {source.Name} driver has no device to serve: {CudaErrors.Name(server.Devices.InitStatus)}. "
                    + "Use --driver simulated for a simulated one.");
            }

            return Serve(server, source, urls, settings.UntilStdinEnds, logger);
        }
        catch (DllNotFoundException)
        {
            return Fail($"there is no CUDA driver here ({settings.Library} does not load). Use --driver simulated for a simulated GPU.");
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return Fail(ExpectedFailure.Describe(failure)!);
        }
    }

    private static int Serve(CudaServer server, DriverSource source, ServerUrl[] urls, bool untilStdinEnds, ILogger logger)
    {
        using var stop = new ManualResetEventSlim();
        void Stop(PosixSignalContext context)
        {
            // A second one ends the process as if nobody listened: a driver may not let its sessions go.
            context.Cancel = !stop.IsSet;
            stop.Set();
        }

        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        foreach (ServerUrl url in urls)
        {
            try
            {
                ServerUrl bound = server.Listen(url);
                ServerLog.Listening(logger, bound.ToString(), source.Name, server.Devices.Devices.Count);
                if (!SocketAddresses.IsLocal(bound))
                {
                    ServerLog.Insecure(logger, bound.ToString());
                }
                Announce(bound);
            }
            catch (Exception failure) when (failure is SocketException or IOException or UnauthorizedAccessException)
            {
                return Fail($"cannot listen at {url}: {failure.Message}");
            }
        }

        if (untilStdinEnds)
        {
            new Thread(() =>
            {
                while (Console.In.Read() >= 0)
                {
                }

                stop.Set();
            })
            { IsBackground = true, Name = "cudarpc stdin" }.Start();
        }

        stop.Wait();
        return 0;
    }

    // For whoever started the server: one line per address, when it can be connected to. Nobody need be listening.
    private static void Announce(ServerUrl url)
    {
        try
        {
            Console.WriteLine($"listening {url}");
            Console.Out.Flush();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Standard output is closed.
        }
    }

    private static ILoggerFactory Logs(bool json) => LoggerFactory.Create(builder =>
    {
        builder.AddConsole(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        if (json)
        {
            builder.AddJsonConsole(options => options.UseUtcTimestamp = true);
        }
        else
        {
            builder.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
            });
        }
    });

    private static int Fail(string message) => ExpectedFailure.Report("serve", message);

    private static string DefaultSocket() => Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime
        ? $"unix://{runtime}/cudarpc.sock"
        : $"unix://{Path.GetTempPath()}cudarpc-{Environment.UserName}.sock";

    private sealed record ServeSettings(
        string[] Listen, string Driver, string Library, int MemoryMiB, int Devices, string? DeviceTime, bool Insecure, int MaxSessions, bool LogJson, bool UntilStdinEnds);
}
