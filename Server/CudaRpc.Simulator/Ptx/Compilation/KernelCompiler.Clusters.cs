using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Clusters of CTAs: their barrier, and addresses in each other's shared memory.</summary>
internal sealed unsafe partial class KernelCompiler
{
    // barrier.cluster.arrive{.sem}{.aligned}; barrier.cluster.wait{.acquire}{.aligned}
    private void CompileClusterBarrier(Modifiers modifiers)
    {
        modifiers.Take(".aligned");
        modifiers.TakeOneOf(".release", ".relaxed", ".acquire");
        string action = modifiers.TakeOneOf(".arrive", ".wait");
        modifiers.Finish();
        ExpectOperands(0);
        switch (action)
        {
            case ".arrive":
                Emit(&ClusterHandlers.Arrive);
                break;
            case ".wait":
                EmitControl(Control.ClusterWait);
                break;
            default:
                Unsupported("no such barrier");
                break;
        }
    }

    // mapa{.shared::cluster}.type d, a, rank
    private void CompileClusterAddress(Modifiers modifiers)
    {
        PtxType type = TakeClusterAddress(modifiers);
        ExpectOperands(3);
        int a = Source(1, type);
        int rank = Source(2, PtxType.U32);
        Emit(type.Bits == 32 ? &ClusterHandlers.Map32 : &ClusterHandlers.Map64, d0: Destination(0, type), a: a, b: rank);
    }

    // getctarank{.shared::cluster}.type d, a
    private void CompileClusterRank(Modifiers modifiers)
    {
        PtxType type = TakeClusterAddress(modifiers);
        ExpectOperands(2);
        int a = Source(1, type);
        Emit(type.Bits == 32 ? &ClusterHandlers.Rank32 : &ClusterHandlers.Rank64, d0: Destination(0, PtxType.U32), a: a);
    }

    private PtxType TakeClusterAddress(Modifiers modifiers)
    {
        bool shared = modifiers.Take(".shared::cluster");
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        if (type is not (PtxType.U32 or PtxType.U64) || (type == PtxType.U32 && !shared))
        {
            Unsupported("no such address");
        }

        return type;
    }
}
