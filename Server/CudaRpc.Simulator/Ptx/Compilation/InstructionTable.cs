using System.Collections.Frozen;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>The instructions that the simulator executes, by subject. docs/simulator.md has the same table; a test compares them.</summary>
internal static class InstructionTable
{
    private static readonly FrozenSet<string> s_opcodes = Rows.SelectMany(static row => row.Opcodes).ToFrozenSet();

    /// <summary>The table's rows.</summary>
    public static IReadOnlyList<(string Subject, string[] Opcodes)> Rows =>
    [
        ("integer and floating-point arithmetic", ["abs", "add", "div", "mad", "max", "min", "mul", "neg", "sub"]),
        ("floating point", ["cos", "ex2", "fma", "lg2", "rcp", "rsqrt", "sin", "sqrt", "tanh"]),
        ("integers", ["addc", "dp2a", "dp4a", "mad24", "madc", "mul24", "rem", "sad", "subc", "vabsdiff2", "vabsdiff4"]),
        ("logic and shifts", ["and", "cnot", "lop3", "not", "or", "prmt", "shf", "shl", "shr", "xor"]),
        ("bits", ["bfe", "bfi", "bfind", "bmsk", "brev", "clz", "popc", "szext"]),
        ("comparison and selection", ["copysign", "selp", "set", "setp", "slct", "testp"]),
        ("moves and conversions", ["cvt", "mov"]),
        ("memory", ["cp", "cvta", "fence", "isspacep", "ld", "ldu", "membar", "prefetch", "prefetchu", "st"]),
        ("atomic operations", ["atom", "red"]),
        ("control", ["bar", "barrier", "bra", "brx", "call", "exit", "nanosleep", "ret", "trap"]),
        ("warps", ["activemask", "match", "redux", "shfl", "vote"]),
        ("clusters", ["getctarank", "mapa"]),
        ("textures and surfaces", ["istypep", "suld", "suq", "sust", "tex", "tld4", "txq"]),
    ];

    public static bool Has(string opcode) => s_opcodes.Contains(opcode);
}
