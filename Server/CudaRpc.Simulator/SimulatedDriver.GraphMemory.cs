using System.Collections.Concurrent;
using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private readonly ConcurrentDictionary<GraphMemory, bool> _graphMemories = new();
    private readonly ulong[] _graphMemoryHigh = new ulong[2]; // Used, reserved. Guarded by itself.

    /// <summary>Memory that graphs use and have reserved; on this device both are what live graphs hold.</summary>
    public override CUresult cuDeviceGetGraphMemAttribute(int device, CUgraphMem_attribute attr, void* value)
    {
        if (EnterDevice(device, out SimulatedDevice found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        (ulong used, ulong reserved) = MeasureGraphMemory(found);
        lock (_graphMemoryHigh)
        {
            return attr switch
            {
                CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_USED_MEM_CURRENT => Give((ulong*)value, used),
                CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_USED_MEM_HIGH => Give((ulong*)value, _graphMemoryHigh[0]),
                CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT => Give((ulong*)value, reserved),
                CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH => Give((ulong*)value, _graphMemoryHigh[1]),
                _ => CUDA_ERROR_INVALID_VALUE,
            };
        }
    }

    /// <summary>High marks can be set to 0, which starts them anew.</summary>
    public override CUresult cuDeviceSetGraphMemAttribute(int device, CUgraphMem_attribute attr, void* value)
    {
        if (EnterDevice(device, out SimulatedDevice found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        int mark = attr switch
        {
            CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_USED_MEM_HIGH => 0,
            CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH => 1,
            _ => -1,
        };
        if (mark < 0 || value == null || *(ulong*)value != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        lock (_graphMemoryHigh)
        {
            _graphMemoryHigh[mark] = 0;
        }
        MeasureGraphMemory(found);
        return CUDA_SUCCESS;
    }

    /// <summary>Nothing is kept beyond what graphs hold.</summary>
    public override CUresult cuDeviceGraphMemTrim(int device) => EnterDevice(device, out _);

    /// <summary>Memory of graphs begins or ends.</summary>
    internal void Track(GraphMemory memory) => _graphMemories.TryAdd(memory, true);

    /// <summary>For <see cref="Track"/>. False if somebody else has ended it.</summary>
    internal bool Untrack(GraphMemory memory) => _graphMemories.TryRemove(memory, out _);

    private void FreeGraphMemory()
    {
        foreach (GraphMemory memory in _graphMemories.Keys)
        {
            memory.End();
        }
    }

    private CUresult AllocateCaptured(StreamCapture capture, DriverStream stream, nuint bytes, CUdeviceptr* address)
    {
        var memory = new GraphMemory(this, stream.Context.Device, stream.Context, bytes);
        if (!memory.TryReserve())
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        memory.Hold();
        var parameters = new CUDA_MEM_ALLOC_NODE_PARAMS_v2 { bytesize = bytes };
        parameters.poolProps.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED;
        parameters.poolProps.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE;
        parameters.poolProps.location.id = stream.Context.Device.Ordinal;
        CUresult result = capture.Add(stream, new AllocateContent(memory, parameters, stream.Context), out _);
        if (result != CUDA_SUCCESS)
        {
            memory.LetGo();
            return result;
        }
        MeasureGraphMemory(stream.Context.Device);
        return Give(address, new CUdeviceptr(memory.Address));
    }

    private (ulong Used, ulong Reserved) MeasureGraphMemory(SimulatedDevice device)
    {
        ulong used = 0, reserved = 0;
        foreach (GraphMemory memory in _graphMemories.Keys.Where(memory => memory.Device == device))
        {
            reserved += memory.Bytes;
            used += memory.IsLive ? memory.Bytes : 0;
        }
        lock (_graphMemoryHigh)
        {
            _graphMemoryHigh[0] = Math.Max(_graphMemoryHigh[0], used);
            _graphMemoryHigh[1] = Math.Max(_graphMemoryHigh[1], reserved);
        }
        return (used, reserved);
    }
}
