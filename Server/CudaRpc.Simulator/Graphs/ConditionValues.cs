using System.Collections.Concurrent;

namespace CudaRpc.Simulator.Graphs;

/// <summary>The values of a driver's conditional handles: kernels set them, conditional nodes look.</summary>
internal sealed class ConditionValues
{
    private readonly ConcurrentDictionary<ulong, uint> _values = new();

    public uint Get(ulong handle) => _values.GetValueOrDefault(handle);

    public void Set(ulong handle, uint value) => _values[handle] = value;
}
