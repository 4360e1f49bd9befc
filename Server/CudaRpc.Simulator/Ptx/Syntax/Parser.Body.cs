namespace CudaRpc.Simulator.Ptx.Syntax;

/// <summary>Function bodies: statements and operands.</summary>
internal sealed partial class Parser
{
    private BlockSyntax ParseBlock()
    {
        if (++_depth > MaximumDepth)
        {
            throw Error("blocks are nested too deeply");
        }

        int line = _token.Line;
        var statements = new List<StatementSyntax>();
        Take('{');
        while (!TryTake('}'))
        {
            ParseStatement(statements);
        }

        _depth--;
        return new BlockSyntax(statements, line);
    }

    private void ParseStatement(List<StatementSyntax> statements)
    {
        if (_token.IsSymbol('{'))
        {
            statements.Add(ParseBlock());
        }
        else if (_token.Kind == TokenKind.Dotted)
        {
            ParseBodyDirective(statements);
        }
        else if (_token.Kind == TokenKind.Name && _ahead.IsSymbol(':'))
        {
            ParseLabel(statements);
        }
        else if (_token.Kind == TokenKind.Name || _token.IsSymbol('@'))
        {
            statements.Add(ParseInstruction());
        }
        else
        {
            throw Error($"expected a statement, found {_token}");
        }
    }

    private void ParseBodyDirective(List<StatementSyntax> statements)
    {
        switch (_token.Text)
        {
            case ".reg" or ".local" or ".shared" or ".param":
                int line = _token.Line;
                var variables = new List<VariableSyntax>();
                ParseVariables(Linkage.Local, variables);
                statements.Add(new DeclarationSyntax(variables, line));
                break;
            case ".loc" or ".file":
                SkipLine();
                break;
            case ".pragma":
                SkipStatement();
                break;
            default:
                throw Error($"{_token} is not supported in a function");
        }
    }

    private void ParseLabel(List<StatementSyntax> statements)
    {
        int line = _token.Line;
        string name = TakeName();
        Take(':');
        if (_token.IsDotted(".branchtargets"))
        {
            statements.Add(new BranchTargetsSyntax(name, ParseTargets(), line));
        }
        else if (_token.IsDotted(".calltargets"))
        {
            statements.Add(new CallTargetsSyntax(name, ParseTargets(), line));
        }
        else if (_token.IsDotted(".callprototype"))
        {
            statements.Add(ParseCallPrototype(name, line));
        }
        else
        {
            statements.Add(new LabelSyntax(name, line));
        }
    }

    private List<string> ParseTargets()
    {
        Advance();
        var targets = new List<string>();
        do
        {
            targets.Add(TakeName());
        }
        while (TryTake(','));
        Take(';');
        return targets;
    }

    // .callprototype (.param .b32 _) _ (.param .b64 _), and whether it returns, which nothing depends on.
    private CallPrototypeSyntax ParseCallPrototype(string name, int line)
    {
        Advance();
        List<VariableSyntax> results = _token.IsSymbol('(') ? ParseParameters() : [];
        TakeName();
        List<VariableSyntax> parameters = _token.IsSymbol('(') ? ParseParameters() : [];
        if (_token.IsDotted(".noreturn"))
        {
            Advance();
        }

        Take(';');
        return new CallPrototypeSyntax(name, results, parameters, line);
    }

    private InstructionSyntax ParseInstruction()
    {
        int line = _token.Line;
        string? guard = null;
        bool negated = false;
        if (TryTake('@'))
        {
            negated = TryTake('!');
            guard = TakeName();
        }

        string opcode = TakeName();
        List<string> modifiers = [];
        while (_token.Kind == TokenKind.Dotted)
        {
            modifiers.Add(_token.Text);
            Advance();
        }

        _instruction = opcode + string.Concat(modifiers);
        List<OperandSyntax> operands = [];
        while (!TryTake(';'))
        {
            if (operands.Count != 0)
            {
                Take(',');
            }

            operands.Add(ParseOperand());
        }

        _instruction = null;
        return new InstructionSyntax(opcode, modifiers, operands, line) { Guard = guard, GuardNegated = negated };
    }

    private OperandSyntax ParseOperand()
    {
        OperandSyntax operand = ParseSingleOperand();
        if (!_token.IsSymbol('|'))
        {
            return operand;
        }

        Advance();
        return new OperandSyntax(OperandKind.Pair, operand.Line) { Elements = [operand, ParseSingleOperand()] };
    }

    private OperandSyntax ParseSingleOperand()
    {
        int line = _token.Line;
        if (TryTake('['))
        {
            return ParseAddress(line);
        }

        if (_token.IsSymbol('{'))
        {
            return new OperandSyntax(OperandKind.Vector, line) { Elements = ParseElements('{', '}') };
        }

        if (_token.IsSymbol('('))
        {
            return new OperandSyntax(OperandKind.List, line) { Elements = ParseElements('(', ')') };
        }

        if (TryTake('!'))
        {
            return new OperandSyntax(OperandKind.Name, line) { Name = TakeName(), Negated = true };
        }

        if (_token.Kind == TokenKind.Name)
        {
            string name = TakeQualifiedName();
            return new OperandSyntax(OperandKind.Name, line) { Name = name, Bits = ParseOffset() };
        }

        return ParseConstant();
    }

    private List<OperandSyntax> ParseElements(char open, char close)
    {
        var elements = new List<OperandSyntax>();
        Take(open);
        while (!TryTake(close))
        {
            if (elements.Count != 0)
            {
                Take(',');
            }

            // One level only: elements are names and constants.
            elements.Add(_token.Kind == TokenKind.Name
                ? new OperandSyntax(OperandKind.Name, _token.Line) { Name = TakeQualifiedName() }
                : ParseConstant());
        }

        return elements;
    }

    private OperandSyntax ParseAddress(int line)
    {
        string? name = _token.Kind == TokenKind.Name ? TakeQualifiedName() : null;
        ulong offset = name is null ? ParseConstant().Bits : ParseOffset();
        IReadOnlyList<OperandSyntax> coordinates = TryTake(',') ? ParseCoordinates() : [];
        Take(']');
        return new OperandSyntax(OperandKind.Address, line) { Name = name, Bits = offset, Elements = coordinates };
    }

    // [texture, {x, y}] or [texture, x].
    private IReadOnlyList<OperandSyntax> ParseCoordinates()
    {
        OperandSyntax coordinates = ParseSingleOperand();
        return coordinates.Kind == OperandKind.Vector ? coordinates.Elements : [coordinates];
    }

    // %tid.x is one name.
    private string TakeQualifiedName()
    {
        string name = TakeName();
        if (name[0] == '%' && _token.Kind == TokenKind.Dotted && _token.Text is ".x" or ".y" or ".z" or ".w")
        {
            name += _token.Text;
            Advance();
        }

        return name;
    }

    // "+8", "-8", "+-8" or nothing.
    private ulong ParseOffset()
    {
        if (TryTake('+'))
        {
            return ParseConstant().Bits;
        }

        return TryTake('-') ? 0 - ParseConstant().Bits : 0;
    }

    private OperandSyntax ParseConstant()
    {
        bool minus = TryTake('-');
        bool complement = !minus && TryTake('~');
        Token token = _token;
        OperandKind kind = token.Kind switch
        {
            TokenKind.Integer => OperandKind.Integer,
            TokenKind.Single => OperandKind.Single,
            TokenKind.Double => OperandKind.Double,
            _ => throw Error($"expected an operand, found {token}"),
        };
        if (complement && kind != OperandKind.Integer)
        {
            throw Error($"'~' before {token}");
        }

        Advance();
        ulong bits = (kind, minus) switch
        {
            (OperandKind.Integer, true) => 0 - token.Bits,
            (OperandKind.Single, true) => token.Bits ^ 0x8000_0000,
            (OperandKind.Double, true) => token.Bits ^ (1UL << 63),
            _ => complement ? ~token.Bits : token.Bits,
        };
        return new OperandSyntax(kind, token.Line) { Bits = bits };
    }
}
