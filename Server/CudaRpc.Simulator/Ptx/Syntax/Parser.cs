namespace CudaRpc.Simulator.Ptx.Syntax;

/// <summary>Recursive descent over the tokens. This half: the module and its functions.</summary>
internal sealed partial class Parser
{
    // PTX nests { } for names and call sequences only; a text that goes deeper is made to exhaust the stack.
    private const int MaximumDepth = 64;

    private readonly Lexer _lexer;
    private readonly ModuleSyntax _module = new();
    private Token _token;
    private Token _ahead;
    private string? _instruction;
    private int _depth;

    private Parser(string source)
    {
        _lexer = new Lexer(source);
        _token = _lexer.Next();
        _ahead = _lexer.Next();
    }

    public static ModuleSyntax Parse(string source)
    {
        var parser = new Parser(source);
        parser.ParseModule();
        return parser._module;
    }

    private void ParseModule()
    {
        while (_token.Kind != TokenKind.End)
        {
            if (_module.Version == 0 && !_token.IsDotted(".version"))
            {
                throw Error($"PTX starts with .version, this with {_token}");
            }

            ParseModuleDirective();
        }

        if (_module.Version == 0)
        {
            throw Error("no .version: not PTX");
        }

        if (_module.Target == 0)
        {
            throw Error("no .target");
        }
    }

    private void ParseModuleDirective()
    {
        switch (_token.Text)
        {
            case ".version":
                ParseVersion();
                break;
            case ".target":
                ParseTarget();
                break;
            case ".address_size":
                Advance();
                if (TakeInteger() != 64)
                {
                    throw Error(".address_size other than 64 is not supported");
                }

                break;
            case ".file" or ".loc":
                SkipLine();
                break;
            case ".section":
                SkipSection();
                break;
            case ".pragma":
                SkipStatement();
                break;
            default:
                ParseLinked();
                break;
        }
    }

    private void ParseVersion()
    {
        Advance();
        string[] parts = _token.Kind == TokenKind.Double ? _token.Text.Split('.') : [];
        if (parts.Length != 2 || !int.TryParse(parts[0], out int major) || !int.TryParse(parts[1], out int minor) || minor > 9)
        {
            throw Error($".version {_token} is not a version");
        }

        _module.Version = major * 10 + minor;
        Advance();
    }

    private void ParseTarget()
    {
        Advance();
        do
        {
            string target = TakeName();
            if (target.StartsWith("sm_", StringComparison.Ordinal) && int.TryParse(target.AsSpan(3).TrimEnd("af"), out int number))
            {
                _module.Target = number;
            }
            else if (target is not ("texmode_unified" or "texmode_independent" or "debug"))
            {
                throw Error($".target {target} is not supported");
            }
        }
        while (TryTake(','));
    }

    private void ParseLinked()
    {
        Linkage linkage = Linkage.Local;
        while (_token.Kind == TokenKind.Dotted && LinkageOf(_token.Text) is { } directive)
        {
            linkage = directive;
            Advance();
        }

        switch (_token.Text)
        {
            case ".entry" or ".func":
                ParseFunction(linkage);
                break;
            case ".global" or ".const" or ".shared":
                ParseVariables(linkage, _module.Variables);
                break;
            default:
                throw Error($"{_token} is not supported at module level");
        }
    }

    private static Linkage? LinkageOf(string word) => word switch
    {
        ".visible" => Linkage.Visible,
        ".extern" => Linkage.Extern,
        ".weak" => Linkage.Weak,
        ".common" => Linkage.Common,
        _ => null,
    };

    private void ParseFunction(Linkage linkage)
    {
        bool isEntry = _token.Text == ".entry";
        int line = _token.Line;
        Advance();
        List<VariableSyntax> results = !isEntry && _token.IsSymbol('(') ? ParseParameters() : [];
        string name = TakeName();
        List<VariableSyntax> parameters = _token.IsSymbol('(') ? ParseParameters() : [];
        var function = new FunctionSyntax(name, isEntry, line) { Linkage = linkage, Results = results, Parameters = parameters };
        function = ParseFunctionDirectives(function);
        if (_token.IsSymbol('{'))
        {
            function = function with { Body = ParseBlock() };
        }
        else
        {
            Take(';');
        }

        if (!_module.Functions.TryGetValue(name, out FunctionSyntax? earlier) || earlier.Body is null)
        {
            _module.Functions[name] = function;
        }
        else if (function.Body is not null)
        {
            throw new PtxException($"function {name} is defined twice", line);
        }
    }

    private FunctionSyntax ParseFunctionDirectives(FunctionSyntax function)
    {
        while (_token.Kind == TokenKind.Dotted)
        {
            string directive = _token.Text;
            Advance();
            switch (directive)
            {
                case ".noreturn":
                    break;
                case ".maxntid":
                    function = function with { MaximumBlock = TakeDim3() };
                    break;
                case ".reqntid":
                    function = function with { MaximumBlock = TakeDim3(), BlockIsRequired = true };
                    break;
                case ".explicitcluster":
                    function = function with { ClusterIsRequired = true };
                    break;
                case ".reqnctapercluster":
                    function = function with { RequiredCluster = TakeDim3() };
                    break;
                case ".maxclusterrank" or ".minnctapersm" or ".maxnctapersm" or ".maxnreg":
                    TakeInteger();
                    break;
                case ".pragma":
                    SkipStatement();
                    break;
                default:
                    throw Error($"directive {directive} of function {function.Name} is not supported");
            }
        }

        return function;
    }

    private List<VariableSyntax> ParseParameters()
    {
        var parameters = new List<VariableSyntax>();
        Take('(');
        while (!TryTake(')'))
        {
            if (parameters.Count != 0)
            {
                Take(',');
            }

            parameters.Add(ParseDeclarator(ParseDeclarationHead(Linkage.Local)));
        }

        return parameters;
    }

    private Dim3 TakeDim3()
    {
        Span<uint> extent = [1, 1, 1];
        int count = 0;
        do
        {
            extent[count++] = (uint)TakeInteger();
        }
        while (count < 3 && TryTake(','));
        return new Dim3(extent[0], extent[1], extent[2]);
    }

    private void SkipSection()
    {
        while (!_token.IsSymbol('{') && _token.Kind != TokenKind.End)
        {
            Advance();
        }

        while (!_token.IsSymbol('}') && _token.Kind != TokenKind.End)
        {
            Advance();
        }

        Take('}');
    }

    private void SkipLine()
    {
        int line = _token.Line;
        while (_token.Line == line && _token.Kind != TokenKind.End)
        {
            Advance();
        }
    }

    private void SkipStatement()
    {
        while (!_token.IsSymbol(';') && _token.Kind != TokenKind.End)
        {
            Advance();
        }

        Take(';');
    }

    private void Advance()
    {
        _token = _ahead;
        _ahead = _lexer.Next();
    }

    private bool TryTake(char symbol)
    {
        if (!_token.IsSymbol(symbol))
        {
            return false;
        }

        Advance();
        return true;
    }

    private void Take(char symbol)
    {
        if (!TryTake(symbol))
        {
            throw Error($"expected '{symbol}', found {_token}");
        }
    }

    private string TakeName()
    {
        if (_token.Kind != TokenKind.Name)
        {
            throw Error($"expected a name, found {_token}");
        }

        string name = _token.Text;
        Advance();
        return name;
    }

    private ulong TakeInteger()
    {
        if (_token.Kind != TokenKind.Integer)
        {
            throw Error($"expected an integer, found {_token}");
        }

        ulong value = _token.Bits;
        Advance();
        return value;
    }

    private PtxException Error(string message)
    {
        return new PtxException(_instruction is null ? message : $"{_instruction}: {message}", _token.Line);
    }
}
