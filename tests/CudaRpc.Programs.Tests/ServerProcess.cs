using System.Diagnostics;

namespace CudaRpc.Programs.Tests;

/// <summary>A server with a simulated GPU, in a process of its own.</summary>
public sealed class ServerProcess : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cudarpc-server-");
    private readonly Process _server;

    public ServerProcess()
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll");
        ProcessStartInfo start = new(
            "dotnet", [assembly, "serve", "--driver", "simulated", "--listen", $"unix://{_folder.FullName}/socket", "--until-stdin-ends"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _server = Process.Start(start)!;
        string line = _server.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The server ended before it listened.");
        Url = line["listening ".Length..];
        // What kernels print and its log say nothing that a test would fail for; unread, they would fill the pipes.
        _ = _server.StandardOutput.ReadToEndAsync();
        _ = _server.StandardError.ReadToEndAsync();
    }

    /// <summary>Where it listens.</summary>
    public string Url { get; }

    public void Dispose()
    {
        _server.StandardInput.Close();
        _server.WaitForExit();
        _server.Dispose();
        _folder.Delete(recursive: true);
    }
}
