using System.Runtime.InteropServices;
using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>Waits for and writes words of memory.</summary>
internal sealed unsafe class BatchContent(BatchWork work, DriverContext context) : NodeContent
{
    private CUstreamBatchMemOpParams_v1* _operations;

    ~BatchContent() => NativeMemory.Free(_operations);

    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_BATCH_MEM_OP;

    public override DriverContext Context => context;

    public override StreamWork Work => work;

    public override void Run(GraphLaunch launch, DriverContext running) => work.Run(running);

    public override void Describe(ref CUgraphNodeParams parameters)
    {
        lock (work)
        {
            if (_operations == null)
            {
                _operations = (CUstreamBatchMemOpParams_v1*)NativeMemory.Alloc((nuint)work.Operations.Count, (nuint)sizeof(CUstreamBatchMemOpParams_v1));
                for (int i = 0; i < work.Operations.Count; i++)
                {
                    _operations[i] = work.Operations[i];
                }
            }
        }
        parameters.memOp.ctx = new CUcontext(context.Handle);
        parameters.memOp.count = (uint)work.Operations.Count;
        parameters.memOp.paramArray = _operations;
    }
}
