using System.Diagnostics;
using System.Text;

namespace CudaRpc.Server.Commands;

/// <summary>This program once more as a server, in a process of its own.</summary>
internal sealed class OwnServer : IDisposable
{
    private const string Ready = "listening ";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly List<string> _urls = [];

    private OwnServer(Process process)
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

    /// <summary>Where it listens, in the order asked for.</summary>
    public IReadOnlyList<string> Urls => _urls;

    /// <summary>Starts the server and waits until it listens.</summary>
    /// <param name="driver">The <c>--driver</c> that it serves.</param>
    /// <param name="listen">The URLs to listen at.</param>
    /// <exception cref="InvalidOperationException">It ended, or did not listen in time; the message holds its log.</exception>
    public static OwnServer Start(string driver, params ReadOnlySpan<string> listen) => Start(["--driver", driver], listen);

    /// <summary>Starts the server and waits until it listens.</summary>
    /// <param name="arguments">What <c>cudarpc serve</c> gets beside the URLs.</param>
    /// <param name="listen">The URLs to listen at.</param>
    /// <exception cref="InvalidOperationException">It ended, or did not listen in time; the message holds its log.</exception>
    public static OwnServer Start(string[] arguments, ReadOnlySpan<string> listen)
    {
        var server = new OwnServer(Process.Start(Command(arguments, listen))!);
        using var patience = new Timer(_ => server._process.Kill(), null, s_patience, Timeout.InfiniteTimeSpan);
        while (server._urls.Count < listen.Length)
        {
            if (server._process.StandardOutput.ReadLine() is not { } line || !line.StartsWith(Ready, StringComparison.Ordinal))
            {
                server.Dispose();
                string[] log = server._log.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
                throw new InvalidOperationException($"the server did not start: {string.Join("; ", log)}");
            }

            server._urls.Add(line[Ready.Length..]);
        }

        return server;
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

    private static ProcessStartInfo Command(string[] arguments, ReadOnlySpan<string> listen)
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
        foreach (string argument in (string[])["serve", .. arguments, "--until-stdin-ends"])
        {
            command.ArgumentList.Add(argument);
        }

        foreach (string url in listen)
        {
            command.ArgumentList.Add("--listen");
            command.ArgumentList.Add(url);
        }

        return command;
    }
}
