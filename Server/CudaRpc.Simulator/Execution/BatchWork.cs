using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>Operations on words of memory, one after the other.</summary>
/// <param name="operations">As the program described them.</param>
/// <param name="works">What each does; a barrier, which has nothing to do in a stream that is in order, is left out.</param>
internal sealed class BatchWork(CUstreamBatchMemOpParams_v1[] operations, StreamWork[] works) : StreamWork
{
    public IReadOnlyList<CUstreamBatchMemOpParams_v1> Operations => operations;

    public override bool ActsOnHost => true;

    public override void Run(DriverContext context)
    {
        foreach (StreamWork work in works)
        {
            if (!context.MayRun(this))
            {
                return;
            }
            work.Run(context);
        }
    }

    public override NodeContent ToContent(DriverStream stream) => new BatchContent(this, stream.Context);
}
