namespace CudaRpc.Simulator.Ptx.Syntax;

internal enum OperandKind
{
    /// <summary>Register, variable, label or function: <see cref="OperandSyntax.Name"/>, a variable possibly with an offset.</summary>
    Name,

    /// <summary>Integer constant in <see cref="OperandSyntax.Bits"/>.</summary>
    Integer,

    /// <summary>32-bit float constant.</summary>
    Single,

    /// <summary>64-bit float constant.</summary>
    Double,

    /// <summary>[name + offset], [number] or [name, {coordinates}].</summary>
    Address,

    /// <summary>{a, b, ...}</summary>
    Vector,

    /// <summary>a|b, the two results of setp, shfl and the like.</summary>
    Pair,

    /// <summary>(a, b, ...) of a call.</summary>
    List,
}

/// <summary>One operand as written.</summary>
internal sealed record OperandSyntax(OperandKind Kind, int Line)
{
    /// <summary>The name, or null where an address is a plain number.</summary>
    public string? Name { get; init; }

    /// <summary>Value of a constant; offset of a name or an address.</summary>
    public ulong Bits { get; init; }

    /// <summary>True for !p.</summary>
    public bool Negated { get; init; }

    /// <summary>Elements of a vector, pair or list; coordinates behind the name of a texture or surface.</summary>
    public IReadOnlyList<OperandSyntax> Elements { get; init; } = [];

    public override string ToString() => Kind switch
    {
        OperandKind.Name => Negated ? "!" + Name : Name!,
        OperandKind.Address => $"[{Name}+{(long)Bits}]",
        OperandKind.Vector => $"{{{string.Join(", ", Elements)}}}",
        OperandKind.Pair => string.Join("|", Elements),
        OperandKind.List => $"({string.Join(", ", Elements)})",
        OperandKind.Single => $"0f{Bits:X8}",
        OperandKind.Double => $"0d{Bits:X16}",
        _ => ((long)Bits).ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
