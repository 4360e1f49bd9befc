using System.Buffers.Binary;
using System.Numerics;

namespace CudaRpc.Simulator.Ptx.Syntax;

/// <summary>Variables, registers and initial values.</summary>
internal sealed partial class Parser
{
    // Far above anything a compiler makes; keeps the arithmetic on sizes from overflowing.
    private const ulong MaximumElements = 1UL << 36;
    private const int MaximumRegisterRange = 1 << 24;

    private void ParseVariables(Linkage linkage, List<VariableSyntax> variables)
    {
        VariableSyntax head = ParseDeclarationHead(linkage);
        do
        {
            variables.Add(ParseDeclarator(head));
        }
        while (TryTake(','));
        Take(';');
    }

    private VariableSyntax ParseDeclarationHead(Linkage linkage)
    {
        VariableSpace space = _token.Text switch
        {
            ".reg" => VariableSpace.Register,
            ".global" => VariableSpace.Global,
            ".const" => VariableSpace.Const,
            ".shared" => VariableSpace.Shared,
            ".local" => VariableSpace.Local,
            ".param" => VariableSpace.Param,
            _ => throw Error($"{_token} is not supported here"),
        };
        int line = _token.Line;
        Advance();
        int alignment = 0;
        int vector = 1;
        bool managed = false;
        PtxType type = PtxType.None;
        while (_token.Kind == TokenKind.Dotted)
        {
            string word = _token.Text;
            Advance();
            switch (word)
            {
                case ".align":
                    alignment = TakeAlignment();
                    break;
                case ".v2":
                    vector = 2;
                    break;
                case ".v4":
                    vector = 4;
                    break;
                case ".attribute" when space == VariableSpace.Global:
                    TakeManaged();
                    managed = true;
                    break;
                case ".ptr":
                    SkipPointerAttributes();
                    break;
                case var _ when type == PtxType.None && PtxTypes.TryParse(word, out type):
                    break;
                default:
                    throw Error($"{word} is not supported in a declaration");
            }
        }

        bool isRegister = space == VariableSpace.Register;
        if (type == PtxType.None || (isRegister ? type.Bits is 8 or 128 || vector != 1 : type.Bits is 0 or 128))
        {
            throw Error($"a declaration of {(vector > 1 ? $".v{vector}" : "")}{type.Word} is not supported here");
        }

        return new VariableSyntax(space, type, "", line)
        {
            VectorLength = vector,
            Alignment = alignment == 0 ? vector * type.Bytes : alignment,
            Linkage = linkage,
            IsManaged = managed,
        };
    }

    // .attribute(.managed): there is one other attribute, .unified, for addresses that several devices share.
    private void TakeManaged()
    {
        Take('(');
        if (!_token.IsDotted(".managed"))
        {
            throw Error($"attribute {_token} is not supported");
        }

        Advance();
        Take(')');
    }

    private int TakeAlignment()
    {
        ulong alignment = TakeInteger();
        if (!BitOperations.IsPow2(alignment) || alignment > 512)
        {
            throw Error($".align {alignment} is not supported");
        }

        return (int)alignment;
    }

    // .param .u64 .ptr .global .align 4 p: what the pointer points to; nothing the execution needs.
    private void SkipPointerAttributes()
    {
        if (_token.Kind == TokenKind.Dotted && _token.Text is ".global" or ".const" or ".shared" or ".local")
        {
            Advance();
        }

        if (_token.IsDotted(".align"))
        {
            Advance();
            TakeAlignment();
        }
    }

    private VariableSyntax ParseDeclarator(VariableSyntax head)
    {
        VariableSyntax variable = head with { Name = TakeName() };
        if (variable.Space == VariableSpace.Register)
        {
            return ParseRegisterRange(variable);
        }

        ulong count = 1;
        bool open = false;
        while (TryTake('['))
        {
            bool first = !variable.IsArray;
            variable = variable with { IsArray = true };
            if (first && _token.IsSymbol(']'))
            {
                open = true;
            }
            else
            {
                ulong extent = TakeInteger();
                count = extent <= MaximumElements && count * extent <= MaximumElements ? count * extent : throw Error("array is too large");
            }

            Take(']');
        }

        variable = variable with { Count = open ? 0 : count };
        return TryTake('=') ? ParseInitialValue(variable) : variable;
    }

    private VariableSyntax ParseRegisterRange(VariableSyntax variable)
    {
        if (!TryTake('<'))
        {
            return variable;
        }

        ulong count = TakeInteger();
        Take('>');
        return count <= MaximumRegisterRange ? variable with { RangeCount = (int)count } : throw Error("too many registers");
    }

    private VariableSyntax ParseInitialValue(VariableSyntax variable)
    {
        if (variable.Space is not (VariableSpace.Global or VariableSpace.Const))
        {
            throw Error($"variable {variable.Name} cannot have an initial value");
        }

        var bytes = new List<byte>();
        var relocations = new List<PtxRelocation>();
        ParseInitialElements(variable.Type, bytes, relocations);
        int unit = variable.VectorLength * variable.Type.Bytes;
        if (variable.Count == 0)
        {
            variable = variable with { Count = (ulong)((bytes.Count + unit - 1) / unit) };
        }

        if ((ulong)bytes.Count > variable.Size)
        {
            throw Error($"variable {variable.Name} has more initial values than elements");
        }

        return variable with { InitialBytes = [.. bytes], Relocations = relocations };
    }

    private void ParseInitialElements(PtxType type, List<byte> bytes, List<PtxRelocation> relocations)
    {
        if (!TryTake('{'))
        {
            ParseInitialElement(type, bytes, relocations);
            return;
        }

        if (++_depth > MaximumDepth)
        {
            throw Error("initial value is nested too deeply");
        }

        while (!TryTake('}'))
        {
            ParseInitialElements(type, bytes, relocations);
            if (!_token.IsSymbol('}'))
            {
                Take(',');
            }
        }

        _depth--;
    }

    private void ParseInitialElement(PtxType type, List<byte> bytes, List<PtxRelocation> relocations)
    {
        ulong value = 0;
        if (_token.Kind == TokenKind.Name)
        {
            if (type.Bits != 64)
            {
                throw Error($"an address in a variable of type {type.Word} is not supported");
            }

            relocations.Add(ParseRelocation(bytes.Count));
        }
        else
        {
            OperandSyntax constant = ParseConstant();
            value = ConstantBits(constant, type) ?? throw Error($"{constant} is no value of type {type.Word}");
        }

        Span<byte> buffer = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(buffer, value);
        bytes.AddRange(buffer[..type.Bytes]);
    }

    private PtxRelocation ParseRelocation(int offset)
    {
        string symbol = TakeName();
        bool generic = symbol == "generic" && TryTake('(');
        if (generic)
        {
            symbol = TakeName();
            Take(')');
        }

        return new PtxRelocation(offset, symbol, (long)ParseOffset());
    }

    /// <summary>
    /// The bits of <paramref name="constant"/> as a value of <paramref name="type"/>, or null where PTX allows no such constant.
    /// </summary>
    internal static ulong? ConstantBits(OperandSyntax constant, PtxType type)
    {
        return (constant.Kind, type) switch
        {
            (OperandKind.Integer, _) when !type.IsFloat => type.Bits >= 64 ? constant.Bits : constant.Bits & ((1UL << type.Bits) - 1),
            (OperandKind.Single, PtxType.F32 or PtxType.B32) => constant.Bits,
            (OperandKind.Double, PtxType.F64 or PtxType.B64) => constant.Bits,
            (OperandKind.Single, PtxType.F64) => BitConverter.DoubleToUInt64Bits(BitConverter.UInt32BitsToSingle((uint)constant.Bits)),
            (OperandKind.Double, PtxType.F32) => BitConverter.SingleToUInt32Bits((float)BitConverter.UInt64BitsToDouble(constant.Bits)),
            (OperandKind.Integer, PtxType.F32) => BitConverter.SingleToUInt32Bits((long)constant.Bits),
            (OperandKind.Integer, PtxType.F64) => BitConverter.DoubleToUInt64Bits((long)constant.Bits),
            _ => null,
        };
    }
}
