namespace CudaRpc.Simulator.Ptx.Syntax;

/// <summary>One statement of a function body.</summary>
internal abstract record StatementSyntax(int Line);

internal sealed record LabelSyntax(string Name, int Line) : StatementSyntax(Line);

/// <summary>{ ... }: a scope for names.</summary>
internal sealed record BlockSyntax(IReadOnlyList<StatementSyntax> Statements, int Line) : StatementSyntax(Line);

/// <summary>name: .branchtargets a, b;</summary>
internal sealed record BranchTargetsSyntax(string Name, IReadOnlyList<string> Targets, int Line) : StatementSyntax(Line);

/// <summary>name: .callprototype (results) _ (parameters);</summary>
internal sealed record CallPrototypeSyntax(string Name, IReadOnlyList<VariableSyntax> Results, IReadOnlyList<VariableSyntax> Parameters, int Line)
    : StatementSyntax(Line);

/// <summary>name: .calltargets f, g;</summary>
internal sealed record CallTargetsSyntax(string Name, IReadOnlyList<string> Targets, int Line) : StatementSyntax(Line);

/// <summary>Declarations of variables and registers.</summary>
internal sealed record DeclarationSyntax(IReadOnlyList<VariableSyntax> Variables, int Line) : StatementSyntax(Line);

/// <summary>[@guard] opcode.modifiers operands;</summary>
internal sealed record InstructionSyntax(string Opcode, IReadOnlyList<string> Modifiers, IReadOnlyList<OperandSyntax> Operands, int Line)
    : StatementSyntax(Line)
{
    /// <summary>Predicate register, or null.</summary>
    public string? Guard { get; init; }

    /// <summary>True for @!p.</summary>
    public bool GuardNegated { get; init; }

    public string FullOpcode => Opcode + string.Concat(Modifiers);
}
