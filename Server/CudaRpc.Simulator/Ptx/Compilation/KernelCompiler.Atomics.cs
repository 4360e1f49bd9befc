using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>atom and red.</summary>
internal sealed unsafe partial class KernelCompiler
{
    // atom[.sem][.scope][.space].op[.noftz].type d, [a], b[, c]; red is the same without d.
    private void CompileAtomic(string opcode, Modifiers modifiers)
    {
        bool hasResult = opcode == "atom";
        TakeOrdering(modifiers);
        PtxStateSpace space = TakeSpace(modifiers);
        string operation = modifiers.TakeOneOf(".and", ".or", ".xor", ".cas", ".exch", ".add", ".inc", ".dec", ".min", ".max");
        bool noFlush = modifiers.Take(".noftz");
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        bool swaps = operation is ".cas" or ".exch";
        bool half = type is PtxType.F16 or PtxType.F16X2 or PtxType.BF16 or PtxType.BF16X2;
        if (noFlush != half || (swaps && !hasResult) || space is PtxStateSpace.Const or PtxStateSpace.Local or PtxStateSpace.Param)
        {
            Unsupported("no such atomic operation");
        }

        int first = hasResult ? 1 : 0;
        bool compares = operation == ".cas";
        ExpectOperands(first + (compares ? 3 : 2));
        PtxType register = half ? type.Bits == 16 ? PtxType.B16 : PtxType.B32 : type;
        var instruction = new Instruction();
        Roles roles = AddressOf(OperandAt(first), space, type.Bytes, ref instruction, out _) | Roles.ReadsB | Roles.ReadsC;
        instruction.B = Source(first + 1, register);
        instruction.C = compares ? Source(first + 2, register) : _code.Constant(0, register.Bits);
        instruction.D0 = hasResult ? Destination(0, register) : 0;
        instruction.Aux = (hasResult ? AtomicHandlers.HasResult : 0) | (swaps ? AtomicHandlers.Polls : 0);
        instruction.Handler = Known(AtomicOf(operation, type));
        Emit(instruction, hasResult ? roles | Roles.WritesD0 : roles);
    }

    private static Handler AtomicOf(string operation, PtxType type) => (operation, type) switch
    {
        (".and", PtxType.B32) => &AtomicHandlers.Apply<uint, AtomicAnd<uint>>,
        (".and", PtxType.B64) => &AtomicHandlers.Apply<ulong, AtomicAnd<ulong>>,
        (".or", PtxType.B32) => &AtomicHandlers.Apply<uint, AtomicOr<uint>>,
        (".or", PtxType.B64) => &AtomicHandlers.Apply<ulong, AtomicOr<ulong>>,
        (".xor", PtxType.B32) => &AtomicHandlers.Apply<uint, AtomicXor<uint>>,
        (".xor", PtxType.B64) => &AtomicHandlers.Apply<ulong, AtomicXor<ulong>>,
        (".cas", PtxType.B16) => &AtomicHandlers.Apply<ushort, AtomicCompareExchange<ushort>>,
        (".cas", PtxType.B32) => &AtomicHandlers.Apply<uint, AtomicCompareExchange<uint>>,
        (".cas", PtxType.B64) => &AtomicHandlers.Apply<ulong, AtomicCompareExchange<ulong>>,
        (".exch", PtxType.B32) => &AtomicHandlers.Apply<uint, AtomicExchange<uint>>,
        (".exch", PtxType.B64) => &AtomicHandlers.Apply<ulong, AtomicExchange<ulong>>,
        (".add", PtxType.U32 or PtxType.S32) => &AtomicHandlers.Apply<uint, AtomicAdd<uint>>,
        (".add", PtxType.U64) => &AtomicHandlers.Apply<ulong, AtomicAdd<ulong>>,
        (".add", PtxType.F32) => &AtomicHandlers.Apply<float, AtomicAddF32>,
        (".add", PtxType.F64) => &AtomicHandlers.Apply<double, AtomicAdd<double>>,
        (".add", PtxType.F16) => &AtomicHandlers.Apply<ushort, AtomicAddHalf<Float16>>,
        (".add", PtxType.BF16) => &AtomicHandlers.Apply<ushort, AtomicAddHalf<BrainFloat16>>,
        (".add", PtxType.F16X2) => &AtomicHandlers.Apply<uint, AtomicAddPacked<Float16>>,
        (".add", PtxType.BF16X2) => &AtomicHandlers.Apply<uint, AtomicAddPacked<BrainFloat16>>,
        (".inc", PtxType.U32) => &AtomicHandlers.Apply<uint, AtomicIncrement>,
        (".dec", PtxType.U32) => &AtomicHandlers.Apply<uint, AtomicDecrement>,
        (".min", PtxType.U32) => &AtomicHandlers.Apply<uint, AtomicMinimum<uint>>,
        (".min", PtxType.S32) => &AtomicHandlers.Apply<int, AtomicMinimum<int>>,
        (".min", PtxType.U64) => &AtomicHandlers.Apply<ulong, AtomicMinimum<ulong>>,
        (".min", PtxType.S64) => &AtomicHandlers.Apply<long, AtomicMinimum<long>>,
        (".max", PtxType.U32) => &AtomicHandlers.Apply<uint, AtomicMaximum<uint>>,
        (".max", PtxType.S32) => &AtomicHandlers.Apply<int, AtomicMaximum<int>>,
        (".max", PtxType.U64) => &AtomicHandlers.Apply<ulong, AtomicMaximum<ulong>>,
        (".max", PtxType.S64) => &AtomicHandlers.Apply<long, AtomicMaximum<long>>,
        _ => null,
    };
}
