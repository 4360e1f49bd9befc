namespace CudaRpc.Model;

/// <summary>What a program's time is spent on; in a replay, what is to cost nothing.</summary>
[Flags]
internal enum Causes
{
    None = 0,
    Program = 1,
    Latency = 2,
    BytesOut = 4,
    BytesIn = 8,
    Server = 16,
    Device = 32,
}
