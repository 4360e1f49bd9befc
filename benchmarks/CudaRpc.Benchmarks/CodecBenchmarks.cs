using BenchmarkDotNet.Attributes;
using CudaRpc.Protocol;
using MessagePack;

namespace CudaRpc.Benchmarks;

/// <summary>A launch's arguments to bytes and back; back also by the package, which the rest of the protocol uses.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private const nint Function = 0x12345;
    private readonly ByteBuffer _buffer = new(4096, 1 << 20);
    private readonly byte[] _body = LaunchBody.Bytes(Function);

    [Benchmark]
    public int Encode()
    {
        _buffer.Clear();
        LaunchBody.Write(new BodyWriter(_buffer), Function);
        return _buffer.Length;
    }

    [Benchmark]
    public long Decode()
    {
        var reader = new BodyReader(_body);
        long sum = reader.ReadInt64();
        for (int argument = 0; argument < 7; argument++)
        {
            sum += reader.ReadUInt32();
        }

        sum += reader.ReadInt64();
        return sum + reader.ReadBytes().Length;
    }

    [Benchmark]
    public long DecodeByPackage()
    {
        var reader = new MessagePackReader(_body);
        long sum = reader.ReadInt64();
        for (int argument = 0; argument < 7; argument++)
        {
            sum += reader.ReadUInt32();
        }

        sum += reader.ReadInt64();
        return sum + reader.ReadBytes()!.Value.Length;
    }
}
