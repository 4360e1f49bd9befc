using System.Buffers.Binary;
using CudaRpc.Simulator.Ptx.Compilation;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Linking;

/// <summary>
/// Makes one module of several PTX texts: decides which definition each name means, gives the variables of all texts names of their own, and
/// compiles the kernels. Calls into other texts are compiled into the callers, like all calls.
/// </summary>
internal sealed class Linker
{
    // What the driver links to every module: functions, and beginnings of names by which kernels ask it to launch kernels. The device runtime that
    // nvcc links to relocatable code names them all; a kernel that calls one the simulator lacks is refused where the call is.
    private static readonly HashSet<string> s_provided = ["vprintf", "__assertfail", "malloc", "free"];
    private static readonly string[] s_systemCalls = ["__cuda_syscall_", "cnp"];

    private readonly LinkSymbols _symbols = new();
    private readonly List<LinkUnit> _units = [];
    private readonly List<PtxGlobal> _globals = [];
    private readonly HashSet<string> _globalNames = [];

    private Linker()
    {
    }

    /// <summary>Variables and kernels of <paramref name="sources"/> together.</summary>
    /// <exception cref="PtxException">A text is malformed or uses something that the simulator lacks.</exception>
    /// <exception cref="PtxLinkException">The texts do not fit together.</exception>
    public static (IReadOnlyList<LinkUnit> Units, List<PtxGlobal> Globals, Dictionary<string, PtxKernel> Kernels) Link(
        IReadOnlyList<PtxSource> sources)
    {
        var linker = new Linker();
        linker.Choose([.. sources.Select(linker.Parse)]);
        linker._symbols.ThrowIfDuplicate();
        if (linker._units.Exists(static unit => unit.Name is not null))
        {
            linker.CheckCalls();
        }

        foreach (LinkUnit unit in linker._units)
        {
            linker.DeclareVariables(unit);
            foreach (FunctionSyntax function in unit.Syntax.Functions.Values.Where(static function => function.Body is not null))
            {
                unit.Pointers.TakeAll(unit, function.Body!);
            }
        }

        return (linker._units, linker._globals, linker.CompileKernels());
    }

    private LinkUnit Parse(PtxSource source)
    {
        try
        {
            return new LinkUnit(source, Parser.Parse(source.Text), _symbols);
        }
        catch (PtxException failure) when (failure.Locate(source.Name))
        {
            throw;
        }
    }

    // Members of libraries come in while they define something that is missing.
    private void Choose(List<LinkUnit> candidates)
    {
        foreach (LinkUnit unit in candidates.Where(static unit => !unit.IsOptional))
        {
            Take(unit);
        }

        List<LinkUnit> optional = candidates.FindAll(static unit => unit.IsOptional);
        while (optional.Find(IsNeeded) is { } needed)
        {
            optional.Remove(needed);
            Take(needed);
        }
    }

    private void Take(LinkUnit unit)
    {
        _units.Add(unit);
        _symbols.Add(unit);
    }

    private bool IsNeeded(LinkUnit library) =>
        _units.Exists(unit => MissingCalls(unit).Any(name => Defines(library, name)) || MissingVariables(unit).Any(name => Defines(library, name)));

    private static bool Defines(LinkUnit unit, string name) =>
        (unit.Syntax.Functions.TryGetValue(name, out FunctionSyntax? function) && function is { Body: not null, Linkage: not Linkage.Local })
        || unit.Syntax.Variables.Exists(variable => variable.Name == name && variable.Linkage is not (Linkage.Local or Linkage.Extern));

    private void CheckCalls()
    {
        List<string> missing = [];
        foreach (LinkUnit unit in _units)
        {
            missing.AddRange(MissingCalls(unit).Concat(MissingVariables(unit)).Select(name => $"symbol {name}, used in {unit.Name}, is not defined"));
        }

        if (missing.Count != 0)
        {
            throw new PtxLinkException(string.Join('\n', missing), isDuplicate: false);
        }
    }

    private static IEnumerable<string> MissingCalls(LinkUnit unit) =>
        unit.Syntax.Functions.Values
            .Where(static function => function.Body is not null)
            .SelectMany(static function => CallsOf(function.Body!))
            .Distinct()
            .Where(name => unit.TryFindFunction(name, out _, out FunctionSyntax callee) && callee.Body is null
                && !s_provided.Contains(name)
                && !Array.Exists(s_systemCalls, call => name.StartsWith(call, StringComparison.Ordinal)));

    private static IEnumerable<string> CallsOf(BlockSyntax block)
    {
        foreach (StatementSyntax statement in block.Statements)
        {
            if (statement is BlockSyntax inner)
            {
                foreach (string name in CallsOf(inner))
                {
                    yield return name;
                }
            }
            else if (statement is InstructionSyntax { Opcode: "call" } call
                && call.Operands.FirstOrDefault(static operand => operand.Kind == OperandKind.Name) is { Name: { } name })
            {
                yield return name;
            }
        }
    }

    private IEnumerable<string> MissingVariables(LinkUnit unit) =>
        unit.Syntax.Variables
            .Where(variable => variable is { IsExtern: true, Space: not VariableSpace.Shared } && !_symbols.Variables.ContainsKey(variable.Name))
            .Select(static variable => variable.Name);

    private void DeclareVariables(LinkUnit unit)
    {
        var names = new Dictionary<string, string>();
        try
        {
            foreach (VariableSyntax variable in unit.Syntax.Variables)
            {
                Declare(unit, variable, names);
            }

            foreach (VariableSyntax variable in unit.Syntax.Variables)
            {
                Define(unit, variable, names);
            }
        }
        catch (PtxException failure) when (failure.Locate(unit.Name))
        {
            throw;
        }
    }

    private void Declare(LinkUnit unit, VariableSyntax variable, Dictionary<string, string> names)
    {
        if (variable.Space == VariableSpace.Shared)
        {
            unit.Scope.Declare(variable.Name, new SharedSymbol(variable), variable.Line);
            return;
        }

        bool isShared = variable.Linkage != Linkage.Local;
        if (isShared && !_symbols.Variables.ContainsKey(variable.Name))
        {
            throw new PtxException($"variable {variable.Name} is not defined in this module", variable.Line);
        }

        // Texts may declare a variable before they define it.
        if (names.ContainsKey(variable.Name) && isShared)
        {
            return;
        }

        // A text's own variable keeps its name if nobody else has that one.
        string name = variable.Name;
        for (int copy = 1; !isShared && (_symbols.Variables.ContainsKey(name) || _globalNames.Contains(name)); copy++)
        {
            name = $"{variable.Name}.{copy}";
        }

        unit.Scope.Declare(variable.Name, new DeviceSymbol(name, variable.Space == VariableSpace.Const), variable.Line);
        names.Add(variable.Name, name);
        if (!isShared)
        {
            _globalNames.Add(name);
        }
    }

    private void Define(LinkUnit unit, VariableSyntax variable, Dictionary<string, string> names)
    {
        bool isDefinition = variable.Linkage == Linkage.Local
            || (_symbols.Variables.TryGetValue(variable.Name, out LinkedVariable chosen) && ReferenceEquals(chosen.Syntax, variable));
        if (variable.Space == VariableSpace.Shared || !isDefinition)
        {
            return;
        }

        byte[] initial = variable.InitialBytes;
        var relocations = new List<PtxRelocation>();
        foreach (PtxRelocation relocation in variable.Relocations)
        {
            if (!names.ContainsKey(relocation.Symbol) && FunctionNamed(unit, relocation.Symbol) is { } pointer)
            {
                initial = ReferenceEquals(initial, variable.InitialBytes) ? [.. initial] : initial;
                BinaryPrimitives.WriteUInt64LittleEndian(initial.AsSpan(relocation.Offset), pointer + (ulong)relocation.Addend);
            }
            else
            {
                relocations.Add(Resolve(variable, relocation, names));
            }
        }

        PtxStateSpace space = variable.Space == VariableSpace.Const ? PtxStateSpace.Const : PtxStateSpace.Global;
        _globals.Add(new PtxGlobal(names[variable.Name], space, variable.Size, variable.Alignment, initial, relocations)
        {
            IsManaged = variable.IsManaged,
            Opaque = variable.Type switch
            {
                PtxType.TexRef => PtxOpaqueKind.Texture,
                PtxType.SurfRef => PtxOpaqueKind.Surface,
                _ => PtxOpaqueKind.None,
            },
        });
    }

    // Kernels too: the device runtime keeps the addresses of its own, to launch them.
    private static ulong? FunctionNamed(LinkUnit unit, string name) =>
        unit.TryFindFunction(name, out LinkUnit owner, out FunctionSyntax function) && function.Body is not null
            ? unit.Pointers.Take(owner, function)
            : null;

    private static PtxRelocation Resolve(VariableSyntax variable, PtxRelocation relocation, Dictionary<string, string> names) =>
        names.TryGetValue(relocation.Symbol, out string? name)
            ? relocation with { Symbol = name }
            : throw new PtxException(
                $"{variable.Name} is initialised with the address of {relocation.Symbol}, which is no variable or function of this module", variable.Line);

    private Dictionary<string, PtxKernel> CompileKernels()
    {
        var kernels = new Dictionary<string, PtxKernel>();
        foreach (LinkUnit unit in _units)
        {
            foreach (FunctionSyntax function in unit.Syntax.Functions.Values)
            {
                if (function is { IsEntry: true, Body: not null } && ReferenceEquals(_symbols.Functions[function.Name].Syntax, function))
                {
                    kernels.Add(function.Name, KernelCompiler.Compile(unit, function));
                }
            }
        }

        return kernels;
    }
}
