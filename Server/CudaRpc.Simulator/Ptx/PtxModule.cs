using CudaRpc.Simulator.Ptx.Compilation;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx;

/// <summary>A PTX text, parsed and decoded. Immutable; loading it into a device's memory is <see cref="LoadedModule"/>.</summary>
public sealed class PtxModule
{
    private PtxModule(string name)
    {
        Name = name;
    }

    /// <summary>The name given to <see cref="Parse"/>; for messages.</summary>
    public string Name { get; }

    /// <summary>The number of .version times ten: 84 for PTX ISA 8.4.</summary>
    public int Version { get; private init; }

    /// <summary>The number of .target: 75 for sm_75.</summary>
    public int TargetArchitecture { get; private init; }

    /// <summary>The .entry functions by name.</summary>
    public IReadOnlyDictionary<string, PtxKernel> Kernels { get; private init; } = new Dictionary<string, PtxKernel>();

    /// <summary>Variables in global and constant memory, in order of declaration.</summary>
    public IReadOnlyList<PtxGlobal> Globals { get; private init; } = [];

    /// <summary>Parses and decodes all of <paramref name="source"/>; a NUL at its end is ignored.</summary>
    /// <exception cref="PtxException">It is malformed or uses something that the simulator lacks.</exception>
    public static PtxModule Parse(string source, string name)
    {
        ArgumentNullException.ThrowIfNull(source);
        ModuleSyntax syntax = Parser.Parse(source);
        var scope = new Scope(outer: null);
        var globals = new List<PtxGlobal>();
        foreach (VariableSyntax variable in syntax.Variables)
        {
            DeclareVariable(variable, scope, globals);
        }

        CheckRelocations(syntax, globals);
        var kernels = new Dictionary<string, PtxKernel>();
        foreach (FunctionSyntax function in syntax.Functions.Values)
        {
            if (function.IsEntry && function.Body is not null)
            {
                kernels.Add(function.Name, KernelCompiler.Compile(syntax, scope, function));
            }
        }

        return new PtxModule(name) { Version = syntax.Version, TargetArchitecture = syntax.Target, Kernels = kernels, Globals = globals };
    }

    private static void DeclareVariable(VariableSyntax variable, Scope scope, List<PtxGlobal> globals)
    {
        if (variable.Space == VariableSpace.Shared)
        {
            scope.Declare(variable.Name, new SharedSymbol(variable), variable.Line);
            return;
        }

        if (variable.IsExtern)
        {
            throw new PtxException($"variable {variable.Name} is not defined in this module", variable.Line);
        }

        bool isConst = variable.Space == VariableSpace.Const;
        scope.Declare(variable.Name, new DeviceSymbol(variable.Name, isConst), variable.Line);
        PtxStateSpace space = isConst ? PtxStateSpace.Const : PtxStateSpace.Global;
        globals.Add(new PtxGlobal(
            variable.Name, space, variable.Size, variable.Alignment, variable.InitialBytes, variable.Relocations)
        {
            IsManaged = variable.IsManaged,
        });
    }

    private static void CheckRelocations(ModuleSyntax syntax, List<PtxGlobal> globals)
    {
        HashSet<string> names = [.. globals.Select(global => global.Name)];
        foreach (VariableSyntax variable in syntax.Variables)
        {
            foreach (PtxRelocation relocation in variable.Relocations)
            {
                if (!names.Contains(relocation.Symbol))
                {
                    string what = $"{variable.Name} is initialised with the address of {relocation.Symbol}";
                    throw new PtxException($"{what}, which is no variable of this module", variable.Line);
                }
            }
        }
    }
}
