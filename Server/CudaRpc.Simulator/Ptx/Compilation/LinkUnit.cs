using CudaRpc.Simulator.Ptx.Linking;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>One text of a module: its functions, and the names of its variables. Immutable once the linker has declared those.</summary>
internal sealed class LinkUnit(PtxSource source, ModuleSyntax syntax, LinkSymbols symbols)
{
    /// <summary>For messages; null for the only text of a module.</summary>
    public string? Name => source.Name;

    public bool IsOptional => source.IsOptional;

    public ModuleSyntax Syntax { get; } = syntax;

    /// <summary>Names of module scope.</summary>
    public Scope Scope { get; } = new(outer: null);

    /// <summary>Functions of the module that indirect calls may mean.</summary>
    public FunctionPointers Pointers => symbols.Pointers;

    /// <summary>
    /// What a function's name means in this text, and the text that defines it: its own definition unless that is a weak one that was not chosen.
    /// What nobody defines comes without a body.
    /// </summary>
    public bool TryFindFunction(string name, out LinkUnit owner, out FunctionSyntax function)
    {
        owner = this;
        if (!Syntax.Functions.TryGetValue(name, out function!))
        {
            return false;
        }

        bool isOwn = function.Body is not null && function.Linkage is Linkage.Local or Linkage.Visible;
        if (!isOwn && symbols.Functions.TryGetValue(name, out LinkedFunction chosen))
        {
            (owner, function) = (chosen.Unit, chosen.Syntax);
        }

        return true;
    }
}
