using System.Collections.Immutable;
using System.Text;
using Basic.Reference.Assemblies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace CudaRpc.Generator.Tests;

/// <summary>One or several runs of the generator over inputs held in memory, with step tracking on.</summary>
internal sealed class GeneratorRun
{
    public const string HeaderPath = "/input/cuda.h";
    public const string RulesPath = "/input/cuda.rules";
    public const string OwnHeaderPath = "/input/own.h";
    public const string AllRoles = "types,contract,native,remote,dispatcher,exports,tracing";

    private readonly Dictionary<string, string> _properties = new()
    {
        ["build_property.CudaHeader"] = HeaderPath,
        ["build_property.CudaRules"] = RulesPath,
    };

    private readonly Dictionary<string, InputFile> _files = [];
    private CSharpCompilation _compilation = CSharpCompilation.Create(
        "Generated",
        references: Net100.References.All,
        options: new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    private GeneratorDriver _driver;

    public GeneratorRun(string? header, string? rules, string roles = AllRoles, string? ownHeader = null)
    {
        _properties["build_property.CudaRpcRoles"] = roles;
        Set(HeaderPath, header, "header");
        Set(RulesPath, rules, "rules");
        Set(OwnHeaderPath, ownHeader, "own-header");
        foreach (string path in Directory.GetFiles(Path.Combine(Repository.Root, "headers", "libc")))
        {
            Set(path, File.ReadAllText(path), "libc");
        }

        _driver = CSharpGeneratorDriver.Create(
            [new CudaRpcGenerator().AsSourceGenerator()],
            _files.Values,
            (CSharpParseOptions)CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest),
            new Options(_properties, _files),
            new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));
    }

    public GeneratorRunResult Result => _driver.GetRunResult().Results.Single();

    /// <summary>The generated files by hint name.</summary>
    public IReadOnlyDictionary<string, string> Files =>
        Result.GeneratedSources.ToDictionary(source => source.HintName, source => source.SourceText.ToString());

    /// <summary>The diagnostics as <c>path(line,column): id: message</c>.</summary>
    public IReadOnlyList<string> Diagnostics => [.. Result.Diagnostics.Select(Describe)];

    public GeneratorRun Run()
    {
        _driver = _driver.RunGenerators(_compilation);
        return Result.Exception is { } failure ? throw failure : this;
    }

    public GeneratorRun Property(string name, string value)
    {
        _properties["build_property." + name] = value;
        return this;
    }

    /// <summary>Replaces an additional file's text, or takes the file away.</summary>
    public GeneratorRun Change(string path, string? text)
    {
        InputFile before = _files[path];
        if (text is null)
        {
            _driver = _driver.RemoveAdditionalTexts([before]);
            _files.Remove(path);
        }
        else
        {
            InputFile after = before.With(text);
            _files[path] = after;
            _driver = _driver.ReplaceAdditionalText(before, after);
        }

        return this;
    }

    /// <summary>Adds a source file to the project, which is no input of the generator.</summary>
    public GeneratorRun AddSource(string source)
    {
        _compilation = _compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText(source));
        return this;
    }

    /// <summary>Compiles what was generated with stand-ins for the hand-written halves.</summary>
    /// <returns>Warnings and errors.</returns>
    public IReadOnlyList<string> Compile(params string[] handWritten)
    {
        CSharpParseOptions options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest)
            .WithDocumentationMode(DocumentationMode.Diagnose);
        IEnumerable<SyntaxTree> trees = Files.Select(file => CSharpSyntaxTree.ParseText(file.Value, options, file.Key))
            .Concat(handWritten.Select((text, index) => CSharpSyntaxTree.ParseText(text, options, $"hand{index}.cs")));
        return
        [
            .. _compilation.AddSyntaxTrees(trees).GetDiagnostics()
                .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)
                .Select(Describe),
        ];
    }

    /// <summary>Why each output of a step was or was not made again, in the last run.</summary>
    public IEnumerable<IncrementalStepRunReason> Reasons(string step) =>
        Result.TrackedSteps.TryGetValue(step, out ImmutableArray<IncrementalGeneratorRunStep> runs)
            ? runs.SelectMany(run => run.Outputs.Select(output => output.Reason))
            : [];

    private static string Describe(Diagnostic diagnostic)
    {
        FileLinePositionSpan span = diagnostic.Location.GetLineSpan();
        LinePosition start = span.StartLinePosition;
        string place = span.Path is { Length: > 0 } ? $"{span.Path}({start.Line + 1},{start.Character + 1}): " : "";
        return $"{place}{diagnostic.Id}: {diagnostic.GetMessage()}";
    }

    private void Set(string path, string? content, string role)
    {
        if (content is not null)
        {
            _files[path] = new(path, content, role);
        }
    }

    private sealed class InputFile(string path, string content, string role) : AdditionalText
    {
        public override string Path => path;

        public string Role => role;

        public InputFile With(string text) => new(path, text, role);

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(content, Encoding.UTF8);
    }

    private sealed class Options(Dictionary<string, string> properties, Dictionary<string, InputFile> files) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions => new Values(properties);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => new Values([]);

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new Values(
            files.TryGetValue(textFile.Path, out InputFile? file)
                ? new() { ["build_metadata.AdditionalFiles.CudaRpcInput"] = file.Role }
                : []);
    }

    private sealed class Values(Dictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value) =>
            values.TryGetValue(key, out value);
    }
}
