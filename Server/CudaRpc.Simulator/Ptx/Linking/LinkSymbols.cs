using CudaRpc.Simulator.Ptx.Compilation;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Linking;

/// <summary>The definitions that all texts of a module share, by name. Filled unit by unit, in the order in which they are linked.</summary>
internal sealed class LinkSymbols
{
    private readonly List<string> _duplicates = [];

    /// <summary>Functions and kernels.</summary>
    public Dictionary<string, LinkedFunction> Functions { get; } = [];

    /// <summary>Variables in global and constant memory.</summary>
    public Dictionary<string, LinkedVariable> Variables { get; } = [];

    /// <summary>Functions whose addresses are taken.</summary>
    public FunctionPointers Pointers { get; } = new();

    /// <summary>Adds what <paramref name="unit"/> shows to others. Of weak definitions the first counts, of common ones the largest.</summary>
    public void Add(LinkUnit unit)
    {
        foreach (FunctionSyntax function in unit.Syntax.Functions.Values)
        {
            bool isShared = function.Body is not null && (function.IsEntry || function.Linkage is Linkage.Visible or Linkage.Weak);
            if (isShared && Wins(Functions, function.Name, function.Linkage, unit, function.Line, static other => (other.Unit, other.Syntax.Linkage)))
            {
                Functions[function.Name] = new LinkedFunction(unit, function);
            }
        }

        foreach (VariableSyntax variable in unit.Syntax.Variables)
        {
            bool isShared = variable.Space != VariableSpace.Shared && variable.Linkage is Linkage.Visible or Linkage.Weak or Linkage.Common;
            if (!isShared)
            {
                continue;
            }

            bool grows = variable.Linkage == Linkage.Common
                && Variables.TryGetValue(variable.Name, out LinkedVariable known)
                && known.Syntax.Linkage == Linkage.Common
                && known.Syntax.Size < variable.Size;
            if (Wins(Variables, variable.Name, variable.Linkage, unit, variable.Line, static other => (other.Unit, other.Syntax.Linkage)) || grows)
            {
                Variables[variable.Name] = new LinkedVariable(unit, variable);
            }
        }
    }

    /// <exception cref="PtxLinkException">A symbol has more than one definition.</exception>
    public void ThrowIfDuplicate()
    {
        if (_duplicates.Count != 0)
        {
            throw new PtxLinkException(string.Join('\n', _duplicates), isDuplicate: true);
        }
    }

    private bool Wins<T>(
        Dictionary<string, T> known, string name, Linkage linkage, LinkUnit unit, int line,
        Func<T, (LinkUnit Unit, Linkage Linkage)> describe)
    {
        if (!known.TryGetValue(name, out T? other))
        {
            return true;
        }

        (LinkUnit first, Linkage earlier) = describe(other);
        bool isStrong = linkage is not (Linkage.Weak or Linkage.Common);
        bool wasStrong = earlier is not (Linkage.Weak or Linkage.Common);
        if (isStrong && wasStrong)
        {
            if (first == unit)
            {
                throw new PtxException($"{name} is declared twice", line);
            }

            _duplicates.Add($"symbol {name} is defined in {first.Name} and again in {unit.Name}");
        }

        return isStrong && !wasStrong;
    }
}

/// <summary>A function that other texts can call, and the text that defines it.</summary>
internal readonly record struct LinkedFunction(LinkUnit Unit, FunctionSyntax Syntax);

/// <summary>A variable that other texts can name, and the text that defines it.</summary>
internal readonly record struct LinkedVariable(LinkUnit Unit, VariableSyntax Syntax);
