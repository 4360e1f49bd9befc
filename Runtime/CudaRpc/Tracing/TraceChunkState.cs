namespace CudaRpc.Tracing;

/// <summary>What a record's numbers count from.</summary>
internal sealed class TraceChunkState(uint instance)
{
    public uint Instance { get; } = instance;

    public List<int> Functions { get; } = [];

    public int Thread { get; set; } = -1;

    public uint Session { get; set; }

    public long LastTime { get; set; }

    public ulong LastSequence { get; set; }

    public int LastFunction { get; set; } = -1;

    public long LastBytes { get; set; } = -1;

    public long LastServer;

    public long LastDevice;
}
