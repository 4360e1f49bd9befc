using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>Allocates memory, always at the same address.</summary>
internal sealed unsafe class AllocateContent(GraphMemory memory, CUDA_MEM_ALLOC_NODE_PARAMS_v2 parameters, DriverContext context) : NodeContent
{
    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEM_ALLOC;

    public override DriverContext Context => context;

    public GraphMemory Memory => memory;

    // What it is when its launch begins is settled there; a body of a loop frees and allocates again.
    public override void Run(GraphLaunch launch, DriverContext running) => memory.TryAllocate();

    public override void Describe(ref CUgraphNodeParams described)
    {
        described.alloc = parameters;
        described.alloc.accessDescs = null;
        described.alloc.accessDescCount = 0;
        described.alloc.dptr = new CUdeviceptr(memory.Address);
    }
}

/// <summary>Frees memory that a graph or the program has allocated.</summary>
internal sealed class FreeContent(CUdeviceptr address, SimulatedDriver driver) : NodeContent
{
    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEM_FREE;

    public override void Run(GraphLaunch launch, DriverContext context)
    {
        if (driver.TryDisown(address.Value, out IMemoryOwner? owner, out DeviceAllocation allocation))
        {
            owner.Free(allocation);
            return;
        }
        context.Fail(CUDA_ERROR_ILLEGAL_ADDRESS, $"a graph frees 0x{address.Value:x}, which is not allocated");
    }

    public override void Describe(ref CUgraphNodeParams parameters) => parameters.free.dptr = address;
}
