namespace CudaRpc.Simulator.Ptx.Syntax;

internal enum TokenKind
{
    End,

    /// <summary>A name: opcode, register, label, variable.</summary>
    Name,

    /// <summary>A word with a leading dot: directive, type or modifier.</summary>
    Dotted,

    /// <summary>An integer; <see cref="Token.Bits"/> is its 64-bit value.</summary>
    Integer,

    /// <summary>A 0f literal; <see cref="Token.Bits"/> are the 32 bits.</summary>
    Single,

    /// <summary>A 0d or decimal literal; <see cref="Token.Bits"/> are the 64 bits.</summary>
    Double,

    String,

    /// <summary>One character of punctuation.</summary>
    Symbol,
}
