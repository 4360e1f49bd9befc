using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>From opcode to whoever compiles it.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private void CompileInstruction(InstructionSyntax instruction)
    {
        if (!InstructionTable.Has(instruction.Opcode))
        {
            throw new PtxException($"{instruction.FullOpcode} is not supported", instruction.Line);
        }

        var modifiers = new Modifiers(instruction);
        switch (instruction.Opcode)
        {
            case "add" or "sub" or "mul" or "min" or "max" or "abs" or "neg" or "div" or "mad":
                CompileArithmetic(instruction.Opcode, modifiers);
                break;
            case "fma" or "rcp" or "sqrt" or "rsqrt" or "sin" or "cos" or "ex2" or "lg2" or "tanh":
                CompileFloat(instruction.Opcode, modifiers.TakeType(), modifiers);
                break;
            case "rem" or "sad" or "mul24" or "mad24" or "addc" or "subc" or "madc" or "dp4a" or "dp2a":
                CompileInteger(instruction.Opcode, modifiers.TakeType(), modifiers);
                break;
            case "vabsdiff2" or "vabsdiff4":
                CompileAbsoluteDifference(instruction.Opcode == "vabsdiff2" ? 16 : 8, modifiers);
                break;
            case "and" or "or" or "xor" or "not" or "cnot" or "shl" or "shr" or "shf" or "lop3" or "prmt":
                CompileLogic(instruction.Opcode, modifiers);
                break;
            case "popc" or "clz" or "brev" or "bfind" or "bfe" or "bfi" or "bmsk" or "szext":
                CompileBits(instruction.Opcode, modifiers);
                break;
            case "mov":
                CompileMove(modifiers);
                break;
            case "setp" or "set" or "selp" or "slct" or "testp" or "copysign":
                CompileCompare(instruction.Opcode, modifiers);
                break;
            case "cvt":
                CompileConvert(modifiers);
                break;
            case "ld" or "ldu" or "st" or "cvta" or "isspacep" or "prefetch" or "prefetchu" or "membar" or "fence" or "cp":
                CompileMemory(instruction.Opcode, modifiers);
                break;
            case "atom" or "red":
                CompileAtomic(instruction.Opcode, modifiers);
                break;
            case "bra" or "brx" or "exit" or "ret" or "trap" or "nanosleep" or "bar" or "barrier" or "call":
                CompileControl(instruction.Opcode, modifiers);
                break;
            case "tex" or "tld4" or "txq" or "suq" or "suld" or "sust" or "istypep":
                CompileTexture(instruction.Opcode, modifiers);
                break;
            case "mapa":
                CompileClusterAddress(modifiers);
                break;
            case "getctarank":
                CompileClusterRank(modifiers);
                break;
            case "shfl" or "vote" or "match" or "redux" or "activemask":
                CompileWarp(instruction.Opcode, modifiers);
                break;
            default:
                throw new PtxException($"{instruction.FullOpcode} is not supported", instruction.Line);
        }
    }

    // These exist for integers and for floating point; the type decides.
    private void CompileArithmetic(string opcode, Modifiers modifiers)
    {
        PtxType type = modifiers.TakeType();
        switch (type)
        {
            case PtxType.F16 or PtxType.F16X2 or PtxType.BF16 or PtxType.BF16X2:
                CompileHalf(opcode, type, modifiers);
                break;
            case PtxType.F32 or PtxType.F64:
                CompileFloat(opcode, type, modifiers);
                break;
            case PtxType.U16X2 or PtxType.S16X2:
                Binary(modifiers, type, (opcode, type) switch
                {
                    ("add", _) => &Lanes.Vector2<uint, AddPacked>,
                    ("min", PtxType.U16X2) => &Lanes.Vector2<uint, MinimumPackedU16>,
                    ("min", PtxType.S16X2) => &Lanes.Vector2<uint, MinimumPackedS16>,
                    ("max", PtxType.U16X2) => &Lanes.Vector2<uint, MaximumPackedU16>,
                    ("max", PtxType.S16X2) => &Lanes.Vector2<uint, MaximumPackedS16>,
                    _ => null,
                });
                break;
            default:
                CompileInteger(opcode, type, modifiers);
                break;
        }
    }

    /// <summary>Compiles an instruction of the form d, a.</summary>
    private void Unary(Modifiers modifiers, PtxType result, PtxType source, Handler handler)
    {
        modifiers.Finish();
        ExpectOperands(2);
        int a = Source(1, source);
        Emit(Known(handler), d0: Destination(0, result), a: a);
    }

    /// <summary>Compiles an instruction of the form d, a, b.</summary>
    private void Binary(Modifiers modifiers, PtxType type, Handler handler)
    {
        modifiers.Finish();
        ExpectOperands(3);
        int a = Source(1, type);
        int b = Source(2, type);
        Emit(Known(handler), d0: Destination(0, type), a: a, b: b);
    }

    /// <summary>Compiles an instruction of the form d, a, b, c.</summary>
    private void Ternary(Modifiers modifiers, PtxType type, Handler handler)
    {
        modifiers.Finish();
        ExpectOperands(4);
        int a = Source(1, type);
        int b = Source(2, type);
        int c = Source(3, type);
        Emit(Known(handler), d0: Destination(0, type), a: a, b: b, c: c);
    }

    private Handler Known(Handler handler)
    {
        if (handler is null)
        {
            throw new PtxException($"{_instruction.FullOpcode} is not supported", _instruction.Line);
        }

        return handler;
    }
}
