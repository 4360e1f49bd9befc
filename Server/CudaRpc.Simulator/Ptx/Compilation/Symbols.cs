using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>What a name stands for in a function.</summary>
internal abstract record Symbol;

/// <summary>A virtual register.</summary>
internal sealed record RegisterSymbol(int Number, PtxType Type) : Symbol;

/// <summary>All registers whose names are this symbol's name and a number below <paramref name="Count"/>.</summary>
internal sealed record RangeSymbol(int Count, PtxType Type) : Symbol;

/// <summary>A variable in local memory, at an offset within the thread's; parameters of calls are such, too.</summary>
internal sealed record LocalSymbol(int Offset, ulong Size, bool IsParameter) : Symbol;

/// <summary>A variable in shared memory. Its offset is the kernel's affair: all uses of one declaration share it.</summary>
internal sealed record SharedSymbol(VariableSyntax Declaration) : Symbol;

/// <summary>A variable in global or constant memory, whose address is known when the module is loaded.</summary>
internal sealed record DeviceSymbol(string Name, bool IsConst) : Symbol;

/// <summary>A parameter of the kernel, at an offset in its parameter buffer.</summary>
internal sealed record ParameterSymbol(int Offset, ulong Size) : Symbol;

/// <summary>A label, by its number in the <see cref="CodeBuilder"/>.</summary>
internal sealed record LabelSymbol(int Number) : Symbol;

/// <summary>A .branchtargets list.</summary>
internal sealed record TableSymbol(IReadOnlyList<string> Targets) : Symbol;

/// <summary>A .callprototype.</summary>
internal sealed record PrototypeSymbol(CallPrototypeSyntax Syntax) : Symbol;

/// <summary>A .calltargets list.</summary>
internal sealed record CallTargetsSymbol(IReadOnlyList<string> Targets) : Symbol;

/// <summary>Names of one { } scope.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, Symbol> _symbols = [];

    public void Declare(string name, Symbol symbol, int line)
    {
        if (!_symbols.TryAdd(name, symbol))
        {
            throw new PtxException($"{name} is declared twice", line);
        }
    }

    /// <summary>
    /// Finds <paramref name="name"/> here or further out. <paramref name="makeRegister"/> creates a register of a range when first used.
    /// </summary>
    public Symbol? Find(string name, Func<PtxType, RegisterSymbol> makeRegister)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._symbols.TryGetValue(name, out Symbol? symbol))
            {
                return symbol;
            }

            if (name[0] == '%' && scope.FindInRange(name) is { } range)
            {
                RegisterSymbol register = makeRegister(range.Type);
                scope._symbols.Add(name, register);
                return register;
            }
        }

        return null;
    }

    private Scope? Outer { get; } = outer;

    private RangeSymbol? FindInRange(string name)
    {
        int digits = name.Length;
        while (digits > 0 && char.IsAsciiDigit(name[digits - 1]))
        {
            digits--;
        }

        return digits < name.Length
            && int.TryParse(name.AsSpan(digits), out int number)
            && _symbols.TryGetValue(name[..digits], out Symbol? symbol)
            && symbol is RangeSymbol range
            && number < range.Count ? range : null;
    }
}
