using BenchmarkDotNet.Attributes;
using CudaRpc.Protocol;

namespace CudaRpc.Benchmarks;

/// <summary>The header before a body, and frames out of a stream of bytes.</summary>
[MemoryDiagnoser]
public class FrameBenchmarks
{
    private readonly byte[] _bytes = new byte[FrameHeader.Size];
    private readonly FrameReader _reader;

    public FrameBenchmarks()
    {
        byte[] body = LaunchBody.Bytes(0x12345);
        byte[] frame = [.. new byte[FrameHeader.Size], .. body];
        LaunchBody.Header(body.Length).Write(frame);
        _reader = new FrameReader(new EndlessConnection(frame));
    }

    [Benchmark]
    public void WriteHeader() => LaunchBody.Header(64).Write(_bytes);

    [Benchmark]
    public ulong ReadHeader() => FrameHeader.Read(_bytes).Sequence;

    [Benchmark]
    public int ReadFrame()
    {
        _reader.Read(out _);
        return _reader.Body.Length;
    }
}
