using BenchmarkDotNet.Attributes;
using CudaRpc.Transport;

namespace CudaRpc.Benchmarks;

/// <summary>A round trip of as many bytes as a small call and its reply have, on a connection alone.</summary>
[MemoryDiagnoser]
public class TransportBenchmarks
{
    private const int Bytes = 34;
    private readonly byte[] _bytes = new byte[Bytes];
    private Listener? _listener;
    private Connection? _near;
    private Connection? _far;
    private Thread? _echo;

    [Params("unix", "tcp", "shm")]
    public string Transport { get; set; } = "unix";

    [GlobalSetup]
    public void Connect()
    {
        string socket = Path.Combine(Path.GetTempPath(), $"cudarpc-benchmark-{Environment.ProcessId}.sock");
        _listener = Transports.Listen(ServerUrl.Parse(Transport == "tcp" ? "tcp://127.0.0.1:0" : $"{Transport}://{socket}"));
        var accept = new Thread(() => _far = _listener.Accept());
        accept.Start();
        _near = Transports.Connect(_listener.Url, TimeSpan.FromSeconds(5));
        accept.Join();
        _echo = new Thread(Echo) { IsBackground = true };
        _echo.Start();
    }

    [GlobalCleanup]
    public void Disconnect()
    {
        _near!.Abort();
        _echo!.Join();
        _near.Dispose();
        _far!.Dispose();
        _listener!.Dispose();
    }

    [Benchmark]
    public void RoundTrip()
    {
        _near!.Send(_bytes, default);
        Fill(_near, _bytes);
    }

    private void Echo()
    {
        byte[] bytes = new byte[Bytes];
        try
        {
            while (Fill(_far!, bytes))
            {
                _far!.Send(bytes, default);
            }
        }
        catch (IOException)
        {
            // The benchmark is over.
        }
    }

    private static bool Fill(Connection connection, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int received = connection.Receive(bytes);
            if (received == 0)
            {
                return false;
            }

            bytes = bytes[received..];
        }

        return true;
    }
}
