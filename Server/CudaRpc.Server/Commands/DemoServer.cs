using System.Diagnostics;
using System.Text;

namespace CudaRpc.Server.Commands;

/// <summary>This program once more as a server: a process of its own, on loopback, with a simulated GPU.</summary>
internal sealed class DemoServer : IDisposable
{
    private const string Ready = "listening ";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private DemoServer(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
            {
                _log.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    /// <summary>Where it listens.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Starts the server and waits until it listens.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not listen in time; the message holds its log.</exception>
    public static DemoServer Start()
    {
        var server = new DemoServer(Process.Start(Command())!);
        using var patience = new Timer(_ => server._process.Kill(), null, s_patience, Timeout.InfiniteTimeSpan);
        if (server._process.StandardOutput.ReadLine() is { } line && line.StartsWith(Ready, StringComparison.Ordinal))
        {
            server.Url = line[Ready.Length..];
            return server;
        }

        server.Dispose();
        throw new InvalidOperationException($"the server did not start:\n{server._log}");
    }

    /// <summary>Stops the server and waits until it is gone.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(s_patience))
        {
            _process.Kill();
        }

        // Without a limit it waits for the last of the log, too.
        _process.WaitForExit();
        _process.Dispose();
    }

    private static ProcessStartInfo Command()
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("this program does not know its own file");
        var command = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Run as `dotnet CudaRpc.Server.dll`, the program is the host and the first argument is ours.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            command.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        // It stops when its standard input ends, so it cannot outlive this process.
        string[] arguments = ["serve", "--driver", "simulated", "--listen", "tcp://127.0.0.1:0", "--until-stdin-ends"];
        foreach (string argument in arguments)
        {
            command.ArgumentList.Add(argument);
        }

        return command;
    }
}
