using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using CudaRpc.Server;
using CudaRpc.Simulator;
using CudaRpc.Transport;

namespace CudaRpc.Programs.Tests;

/// <summary>A server in this process whose simulated GPU records what is launched, and may take machine code for kernels that do nothing.</summary>
internal sealed partial class LibraryServer : IDisposable
{
    private const int SessionClosed = 203;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cudarpc-server-");
    private readonly LogLines _log = new();
    private readonly ConcurrentQueue<string> _driverLog = new();
    private readonly SimulatedGpu _gpu;
    private readonly CudaServer _server;

    public LibraryServer(bool takesMachineCode)
    {
        _gpu = new SimulatedGpu(new SimulatedGpuOptions
        {
            Launching = Launches.Enqueue,
            StandIn = takesMachineCode ? MachineCode.StandIn : null,
        });
        _server = new CudaServer(() => new SimulatedDriver(_gpu, _driverLog.Enqueue), new ServerLimits(), _log);
        Url = _server.Listen(ServerUrl.Parse($"unix://{_folder.FullName}/socket")).ToString();
    }

    public string Url { get; }

    /// <summary>Names of the kernels launched.</summary>
    public ConcurrentQueue<string> Launches { get; } = new();

    /// <summary>What the simulated driver said.</summary>
    public IEnumerable<string> DriverLog => _driverLog;

    /// <summary>Calls of the session that has ended, and those that the program waited for.</summary>
    public (int Calls, int RoundTrips) Counts
    {
        get
        {
            string line = "";
            Assert.True(
                SpinWait.SpinUntil(() => (line = _log.Lines.FirstOrDefault(entry => entry.Id == SessionClosed).Text ?? "") != "", TimeSpan.FromSeconds(30)),
                "the session does not end");
            Match match = CallCounts().Match(line);
            Assert.True(match.Success, line);
            return (Number(match, 1), Number(match, 2));
        }
    }

    public void Dispose()
    {
        _server.Dispose();
        _gpu.Dispose();
        _folder.Delete(recursive: true);
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) call\(s\), (\d+) waited for")]
    private static partial Regex CallCounts();
}
