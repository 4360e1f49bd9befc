using System.Net.NetworkInformation;

namespace CudaRpc.Native.Tests;

/// <summary>NVIDIA's own CUDA runtime, unmodified, on the library. tests/cuda-packages fetches it.</summary>
public sealed class RuntimeTests : IDisposable
{
    private const string Cuda11 = "bookworm/usr/lib/x86_64-linux-gnu/libcudart.so.11.0";
    private const string Cuda12 = "trixie/usr/lib/x86_64-linux-gnu/libcudart.so.12";

    private readonly LocalServer _server = new();

    public static TheoryData<string, string[]> Cases => new()
    {
        { "sim:", [Cuda11] }, { "sim:", [Cuda12] }, { "sim:", [Cuda12, Cuda11] },
        { "tcp", [Cuda11] }, { "tcp", [Cuda12] }, { "unix", [Cuda12, Cuda11] }, { "shm", [Cuda12] },
    };

    public void Dispose() => _server.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Program_OfRuntimes_ComputesRight(string server, string[] runtimes)
    {
        Outcome outcome = Run(server == "sim:" ? server : _server.Listen(server), runtimes, null);
        Assert.Equal("", outcome.Errors);
        Assert.Equal(["ready", "computed", "computed after reset"], outcome.Lines);
        Assert.Equal(0, outcome.ExitCode);
    }

    // A thread connects when it first makes a call that travels; until then there is the session's own connection only.
    [Fact]
    public void Start_ThroughServer_TakesNoRoundTrip()
    {
        string url = _server.Listen("tcp");
        int port = new Uri(url).Port, connections = 0;
        Run(url, [Cuda12, Cuda11], () => connections = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
            .Count(connection => connection.RemoteEndPoint.Port == port && connection.State == TcpState.Established));
        Assert.Equal(1, connections);
    }

    private static Outcome Run(string server, string[] runtimes, Action? whenReady)
    {
        string cache = Environment.GetEnvironmentVariable("CUDARPC_CACHE") ?? Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".cache"),
            "cudarpc");
        string[] libraries = [.. runtimes.Select(runtime => Path.Combine(cache, runtime))];
        string? missing = libraries.FirstOrDefault(library => !File.Exists(library));
        Assert.SkipWhen(missing is not null, $"no {missing}: tests/cuda-packages fetch libcudart12 libcudart11.0=bookworm");
        string ptx = Path.Combine(Shim.Repository, "samples/kernels/vector_add.ptx");
        return Shim.Run("cudart", [("CUDARPC_SERVER", server)], arguments: [ptx, .. libraries], whenReady: whenReady);
    }
}
