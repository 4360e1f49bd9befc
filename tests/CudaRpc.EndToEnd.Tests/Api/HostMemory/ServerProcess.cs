using System.Diagnostics;
using CudaRpc.Client;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>A server in a process of its own, with a simulated GPU: its memory is not the tests'.</summary>
public sealed class ServerProcess : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cudarpc-server-");
    private readonly Process _server;
    private readonly ServerUrl _url;

    public ServerProcess()
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll");
        ProcessStartInfo start = new(
            "dotnet", [assembly, "serve", "--driver", "simulated", "--listen", $"unix://{_folder.FullName}/socket", "--until-stdin-ends"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _server = Process.Start(start)!;
        string line = _server.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The server ended before it listened.");
        _url = ServerUrl.Parse(line["listening ".Length..]);
    }

    internal RemoteDriver Connect(CollectingLogger log) => new(Session.Connect(_url, new SessionOptions { Logger = log }));

    public void Dispose()
    {
        _server.StandardInput.Close();
        _server.WaitForExit();
        _server.Dispose();
        _folder.Delete(recursive: true);
    }
}
