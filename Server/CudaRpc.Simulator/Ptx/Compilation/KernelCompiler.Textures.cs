using System.Runtime.CompilerServices;
using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Textures and surfaces, named by objects (a register of 64 bits) or by references of the module.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private void CompileTexture(string opcode, Modifiers modifiers)
    {
        switch (opcode)
        {
            case "tex":
                CompileSample(modifiers);
                break;
            case "tld4":
                CompileGather(modifiers);
                break;
            case "txq" or "suq":
                CompileTextureQuery(modifiers);
                break;
            case "istypep":
                Unsupported("texture references have no other type");
                break;
            default:
                CompileSurface(modifiers, isLoad: opcode == "suld");
                break;
        }
    }

    private void CompileSample(Modifiers modifiers)
    {
        LevelOfDetail detail = modifiers.TakeOneOf(".level", ".grad", ".base") switch
        {
            ".level" => LevelOfDetail.Level,
            ".grad" => LevelOfDetail.Gradient,
            _ => LevelOfDetail.None,
        };
        TextureGeometry geometry = TakeGeometry(modifiers);
        bool vector = modifiers.Take(".v4");
        PtxType result = modifiers.TakeType();
        PtxType coordinate = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(2 + (int)detail);
        bool isFetch = coordinate == PtxType.S32;
        if (!vector || result is not (PtxType.F32 or PtxType.S32 or PtxType.U32) || !(isFetch || coordinate == PtxType.F32))
        {
            Unsupported("results are .v4 of 32 bits, coordinates .f32 or .s32");
        }

        var access = new TextureAccess(geometry, isFetch, detail);
        if (isFetch && (access.IsCube || detail == LevelOfDetail.Gradient))
        {
            Unsupported("no such fetch");
        }

        Instruction carrier = Carrier(access, coordinate, out Roles carrierRoles);
        var sample = new Instruction { Handler = &TextureHandlers.Sample, Aux = access.Pack(), A = TextureOperand(Operands[1]), B = None, C = None, E = None };
        Roles roles = Roles.ReadsA;
        if (detail == LevelOfDetail.Level)
        {
            sample.B = Source(2, isFetch ? PtxType.S32 : PtxType.F32);
            roles |= Roles.ReadsB;
        }
        else if (detail == LevelOfDetail.Gradient)
        {
            (carrier.A, carrier.B, carrier.C) = Gradient(Operands[2], access);
            (sample.B, sample.C, sample.E) = Gradient(Operands[3], access);
            carrierRoles |= Roles.ReadsA | Roles.ReadsB | Roles.ReadsC;
            roles |= Roles.ReadsB | Roles.ReadsC | Roles.ReadsE;
        }

        roles |= TexelDestinations(Operands[0], result, ref sample);
        Emit(carrier, carrierRoles);
        Emit(sample, roles);
    }

    private void CompileGather(Modifiers modifiers)
    {
        int channel = modifiers.TakeOneOf(".r", ".g", ".b", ".a") switch
        {
            ".r" => 0,
            ".g" => 1,
            ".b" => 2,
            ".a" => 3,
            _ => -1,
        };
        TextureGeometry geometry = TakeGeometry(modifiers);
        bool vector = modifiers.Take(".v4");
        PtxType result = modifiers.TakeType();
        PtxType coordinate = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(2);
        bool plane = geometry is TextureGeometry.Plane or TextureGeometry.PlaneArray or TextureGeometry.Cube or TextureGeometry.CubeArray;
        if (channel < 0 || !vector || !plane || result.Bits != 32 || coordinate != PtxType.F32)
        {
            Unsupported("no such gather");
        }

        var access = new TextureAccess(geometry, Extra: channel);
        Instruction carrier = Carrier(access, coordinate, out Roles carrierRoles);
        var gather = new Instruction { Handler = &TextureHandlers.Gather, Aux = access.Pack(), A = TextureOperand(Operands[1]) };
        Roles roles = Roles.ReadsA | TexelDestinations(Operands[0], result, ref gather);
        Emit(carrier, carrierRoles);
        Emit(gather, roles);
    }

    private void CompileTextureQuery(Modifiers modifiers)
    {
        bool atLevel = modifiers.Take(".level");
        TextureQuery? query = modifiers.TakeOneOf(".width", ".height", ".depth", ".array_size", ".num_mipmap_levels", ".normalized_coords") switch
        {
            ".width" => TextureQuery.Width,
            ".height" => TextureQuery.Height,
            ".depth" => TextureQuery.Depth,
            ".array_size" => TextureQuery.ArraySize,
            ".num_mipmap_levels" => TextureQuery.Levels,
            ".normalized_coords" => TextureQuery.IsNormalized,
            _ => null,
        };
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(atLevel ? 3 : 2);
        if (query is null || type.Bits != 32)
        {
            Unsupported("no such query");
        }

        var access = new TextureAccess(TextureGeometry.Line, Detail: atLevel ? LevelOfDetail.Level : LevelOfDetail.None, Extra: (int)query!);
        Emit(
            &TextureHandlers.Query,
            d0: Destination(0, PtxType.B32),
            a: TextureOperand(Operands[1]),
            b: atLevel ? Source(2, PtxType.B32) : None,
            aux: access.Pack());
    }

    private void CompileSurface(Modifiers modifiers, bool isLoad)
    {
        if (!modifiers.Take(".b"))
        {
            Unsupported("only accesses to bytes (.b) are");
        }

        TextureGeometry geometry = TakeGeometry(modifiers);
        modifiers.TakeOneOf(".ca", ".cg", ".cs", ".cv", ".wb", ".wt");
        int count = modifiers.TakeOneOf(".v2", ".v4") switch
        {
            ".v2" => 2,
            ".v4" => 4,
            _ => 1,
        };
        PtxType type = modifiers.TakeType();
        SurfaceBoundary boundary = modifiers.TakeOneOf(".trap", ".clamp", ".zero") switch
        {
            ".clamp" => SurfaceBoundary.Clamp,
            ".zero" => SurfaceBoundary.Zero,
            _ => SurfaceBoundary.Trap,
        };
        modifiers.Finish();
        ExpectOperands(2);
        var access = new TextureAccess(geometry, Extra: (int)boundary);
        if (access.IsCube || type is not (PtxType.B8 or PtxType.B16 or PtxType.B32 or PtxType.B64) || type.Bytes * count > 16)
        {
            Unsupported("no such access");
        }

        var instruction = new Instruction { Aux = access.Pack(), Target = count, B = None, C = None, E = None };
        OperandSyntax place = Operands[isLoad ? 1 : 0];
        instruction.A = TextureOperand(place);
        int coordinates = access.Coordinates + (access.IsLayered ? 1 : 0);
        Roles roles = Roles.ReadsA;
        for (int i = 0; i < coordinates; i++)
        {
            Unsafe.Add(ref instruction.B, i) = Source(CoordinateAt(place, i), PtxType.B32);
            roles |= (Roles)((int)Roles.ReadsB << i);
        }

        roles |= SurfaceElements(Operands[isLoad ? 0 : 1], type, count, isLoad, ref instruction, out int width);
        instruction.Handler = Known(SurfaceHandler(type, width, isLoad));
        Emit(instruction, roles);
    }

    private Roles SurfaceElements(OperandSyntax values, PtxType type, int count, bool isLoad, ref Instruction instruction, out int width)
    {
        IReadOnlyList<OperandSyntax> elements = values.Kind == OperandKind.Vector ? values.Elements : [values];
        if (elements.Count != count)
        {
            throw Error($"{count} elements expected");
        }

        Roles roles = Roles.None;
        width = 0;
        for (int i = 0; i < count; i++)
        {
            Unsafe.Add(ref instruction.D0, i) = isLoad ? LoadTarget(elements[i], type, ref width) : StoreSource(elements[i], type, ref width);
            roles |= (Roles)((int)(isLoad ? Roles.WritesD0 : Roles.ReadsD0) << i);
        }

        return roles;
    }

    // The instruction that carries the coordinates, up to four.
    private Instruction Carrier(in TextureAccess access, PtxType coordinate, out Roles roles)
    {
        var carrier = new Instruction { Handler = &TextureHandlers.Carry, A = None, B = None, C = None, E = None };
        roles = Roles.None;
        int count = access.Coordinates + (access.IsLayered ? 1 : 0);
        for (int i = 0; i < count; i++)
        {
            PtxType type = access.IsLayered && i == 0 ? PtxType.B32 : coordinate;
            Unsafe.Add(ref carrier.D0, i) = Source(CoordinateAt(Operands[1], i), type);
            roles |= (Roles)((int)Roles.ReadsD0 << i);
        }

        return carrier;
    }

    private (int X, int Y, int Z) Gradient(OperandSyntax operand, in TextureAccess access)
    {
        IReadOnlyList<OperandSyntax> elements = operand.Kind == OperandKind.Vector ? operand.Elements : [operand];
        if (elements.Count < access.Coordinates)
        {
            throw Error($"a gradient of {access.Coordinates} elements expected");
        }

        int zero = _code.Constant(0, 32);
        return (
            Source(elements[0], PtxType.F32),
            access.Coordinates > 1 ? Source(elements[1], PtxType.F32) : zero,
            access.Coordinates > 2 ? Source(elements[2], PtxType.F32) : zero);
    }

    private Roles TexelDestinations(OperandSyntax operand, PtxType type, ref Instruction instruction)
    {
        if (operand.Kind != OperandKind.Vector || operand.Elements.Count != 4)
        {
            throw Error("four results expected");
        }

        for (int i = 0; i < 4; i++)
        {
            Unsafe.Add(ref instruction.D0, i) = Destination(operand.Elements[i], type);
        }

        return Roles.WritesD0 | Roles.WritesD1 | Roles.WritesD2 | Roles.WritesD3;
    }

    private OperandSyntax CoordinateAt(OperandSyntax place, int index) =>
        index < place.Elements.Count ? place.Elements[index] : throw Error($"coordinate {index + 1} is missing");

    // A number in a register, or the address of a reference of the module: that is its number.
    private int TextureOperand(OperandSyntax operand)
    {
        if (operand.Kind != OperandKind.Address || operand.Name is null || operand.Bits != 0)
        {
            throw Error($"{operand} is no texture or surface");
        }

        return Find(operand.Name) switch
        {
            RegisterSymbol register when register.Type.Bits == 64 => register.Number,
            DeviceSymbol => AddressConstant(operand, 64),
            _ => throw Error($"{operand.Name} is no texture or surface"),
        };
    }

    private static TextureGeometry TakeGeometry(Modifiers modifiers) =>
        modifiers.TakeOneOf(".1d", ".2d", ".3d", ".a1d", ".a2d", ".cube", ".acube") switch
        {
            ".1d" => TextureGeometry.Line,
            ".2d" => TextureGeometry.Plane,
            ".3d" => TextureGeometry.Volume,
            ".a1d" => TextureGeometry.LineArray,
            ".a2d" => TextureGeometry.PlaneArray,
            ".cube" => TextureGeometry.Cube,
            ".acube" => TextureGeometry.CubeArray,
            // Left to Finish, which names what is unknown.
            _ => TextureGeometry.Line,
        };

    private static Handler SurfaceHandler(PtxType type, int width, bool isLoad) => (isLoad, type.Bits, width) switch
    {
        (true, 8, 16) => &SurfaceHandlers.Load<byte, ushort>,
        (true, 8, 32) => &SurfaceHandlers.Load<byte, uint>,
        (true, 16, 16) => &SurfaceHandlers.Load<ushort, ushort>,
        (true, 16, 32) => &SurfaceHandlers.Load<ushort, uint>,
        (true, 32, 32) => &SurfaceHandlers.Load<uint, uint>,
        (true, 64, 64) => &SurfaceHandlers.Load<ulong, ulong>,
        (false, 8, 16) => &SurfaceHandlers.Store<byte, ushort>,
        (false, 8, 32) => &SurfaceHandlers.Store<byte, uint>,
        (false, 16, 16) => &SurfaceHandlers.Store<ushort, ushort>,
        (false, 16, 32) => &SurfaceHandlers.Store<ushort, uint>,
        (false, 32, 32) => &SurfaceHandlers.Store<uint, uint>,
        (false, 64, 64) => &SurfaceHandlers.Store<ulong, ulong>,
        _ => null,
    };
}
