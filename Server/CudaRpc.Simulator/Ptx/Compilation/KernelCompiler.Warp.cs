using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Instructions between the threads of a warp.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private void CompileWarp(string opcode, Modifiers modifiers)
    {
        if (opcode == "activemask")
        {
            PtxType type = modifiers.TakeType();
            modifiers.Finish();
            ExpectOperands(1);
            Handler handler = type == PtxType.B32 ? &WarpHandlers.ActiveMask : null;
            Emit(Known(handler), d0: Destination(0, type));
            return;
        }

        if (!modifiers.Take(".sync"))
        {
            Unsupported("without .sync it is only for targets before sm_70");
        }

        switch (opcode)
        {
            case "shfl":
                CompileShuffle(modifiers);
                break;
            case "vote":
                CompileVote(modifiers);
                break;
            case "match":
                CompileMatch(modifiers);
                break;
            default:
                CompileReduce(modifiers);
                break;
        }
    }

    // All members have to be here first.
    private int Converge(int operand)
    {
        int members = Source(operand, PtxType.B32);
        EmitControl(Control.Converge, a: members);
        return members;
    }

    // shfl.sync.mode.b32 d[|p], a, b, c, members
    private void CompileShuffle(Modifiers modifiers)
    {
        ShuffleMode? mode = modifiers.TakeOneOf(".up", ".down", ".bfly", ".idx") switch
        {
            ".up" => ShuffleMode.Up,
            ".down" => ShuffleMode.Down,
            ".bfly" => ShuffleMode.Butterfly,
            ".idx" => ShuffleMode.Index,
            _ => null,
        };
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(5);
        if (mode is null || type != PtxType.B32)
        {
            Unsupported("it needs a mode and type .b32");
        }

        Converge(4);
        OperandSyntax results = OperandAt(0);
        bool two = results.Kind == OperandKind.Pair;
        int a = Source(1, type);
        int b = Source(2, type);
        int c = Source(3, type);
        int d = Destination(two ? results.Elements[0] : results, type);
        int p = two ? Destination(results.Elements[1], PtxType.Pred) : None;
        Emit(&WarpHandlers.Shuffle, d0: d, d1: p, a: a, b: b, c: c, aux: (int)mode.GetValueOrDefault(), immediate: two ? 1 : 0);
    }

    // vote.sync.mode.pred p, [!]a, members; vote.sync.ballot.b32 d, [!]a, members
    private void CompileVote(Modifiers modifiers)
    {
        VoteMode? mode = modifiers.TakeOneOf(".all", ".any", ".uni", ".ballot") switch
        {
            ".all" => VoteMode.All,
            ".any" => VoteMode.Any,
            ".uni" => VoteMode.Uniform,
            ".ballot" => VoteMode.Ballot,
            _ => null,
        };
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(3);
        if (mode is null || type != (mode == VoteMode.Ballot ? PtxType.B32 : PtxType.Pred))
        {
            Unsupported("no such vote");
        }

        int members = Converge(2);
        int a = SourcePredicate(OperandAt(1), out bool negated);
        int d = Destination(0, type);
        Emit(&WarpHandlers.Vote, d0: d, a: a, e: members, aux: (int)mode.GetValueOrDefault(), immediate: negated ? 1 : 0);
    }

    // match.any.sync.type d, a, members; match.all.sync.type d[|p], a, members
    private void CompileMatch(Modifiers modifiers)
    {
        string mode = modifiers.TakeOneOf(".any", ".all");
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(3);
        Handler handler = (mode, type) switch
        {
            (".any", PtxType.B32) => &WarpHandlers.MatchAny<uint>,
            (".any", PtxType.B64) => &WarpHandlers.MatchAny<ulong>,
            (".all", PtxType.B32) => &WarpHandlers.MatchAll<uint>,
            (".all", PtxType.B64) => &WarpHandlers.MatchAll<ulong>,
            _ => null,
        };
        int members = Converge(2);
        OperandSyntax results = OperandAt(0);
        bool two = mode == ".all" && results.Kind == OperandKind.Pair;
        int a = Source(1, type);
        int d = Destination(two ? results.Elements[0] : results, PtxType.B32);
        int p = two ? Destination(results.Elements[1], PtxType.Pred) : None;
        Emit(Known(handler), d0: d, d1: p, a: a, e: members, immediate: two ? 1 : 0);
    }

    // redux.sync.op.type d, a, members
    private void CompileReduce(Modifiers modifiers)
    {
        string operation = modifiers.TakeOneOf(".add", ".min", ".max", ".and", ".or", ".xor");
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(3);
        Handler handler = (operation, type) switch
        {
            (".add", PtxType.U32 or PtxType.S32) => &WarpHandlers.Reduce<uint, AtomicAdd<uint>>,
            (".min", PtxType.U32) => &WarpHandlers.Reduce<uint, AtomicMinimum<uint>>,
            (".min", PtxType.S32) => &WarpHandlers.Reduce<int, AtomicMinimum<int>>,
            (".max", PtxType.U32) => &WarpHandlers.Reduce<uint, AtomicMaximum<uint>>,
            (".max", PtxType.S32) => &WarpHandlers.Reduce<int, AtomicMaximum<int>>,
            (".and", PtxType.B32) => &WarpHandlers.Reduce<uint, AtomicAnd<uint>>,
            (".or", PtxType.B32) => &WarpHandlers.Reduce<uint, AtomicOr<uint>>,
            (".xor", PtxType.B32) => &WarpHandlers.Reduce<uint, AtomicXor<uint>>,
            _ => null,
        };
        int members = Converge(2);
        int a = Source(1, type);
        Emit(Known(handler), d0: Destination(0, type), a: a, e: members);
    }
}
