using System.Collections.Immutable;
using System.Text;
using CudaRpc.Generator.Clang;
using CudaRpc.Generator.Emit;
using CudaRpc.Generator.Model;
using CudaRpc.Generator.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace CudaRpc.Generator;

/// <summary>
/// Writes every piece that must agree about the driver API from one header: types, contract, native driver, client stubs, server
/// dispatcher, exports. A project asks for its pieces by the MSBuild property CudaRpcEmit; docs/generator.md describes the inputs.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class CudaRpcGenerator : IIncrementalGenerator
{
    private static readonly Encoding s_utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValueProvider<Settings> settings = context.AnalyzerConfigOptionsProvider
            .Select((options, _) => Settings.From(options.GlobalOptions))
            .WithTrackingName(Steps.Settings);

        IncrementalValuesProvider<(string Role, TextFile File)> inputs = context.AdditionalTextsProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Select((pair, cancellation) => Input(pair.Left, pair.Right.GetOptions(pair.Left), cancellation))
            .Where(input => input.Role.Length > 0)
            .WithTrackingName(Steps.Inputs);

        IncrementalValueProvider<HeaderInput?> headerInput = inputs.Where(input => input.Role is "header" or "libc").Collect()
            .Combine(settings)
            .Select((pair, _) => Header(pair.Left, pair.Right, "header"))
            .WithTrackingName(Steps.HeaderInput);

        IncrementalValueProvider<HeaderResult?> header = headerInput
            .Select((input, _) => input is null ? null : HeaderReader.Read(input))
            .WithTrackingName(Steps.Header);

        // Our own header, where the build is from another one.
        IncrementalValueProvider<HeaderResult?> ownHeader = inputs.Where(input => input.Role is "own-header" or "libc").Collect()
            .Combine(settings)
            .Select((pair, _) => Header(pair.Left, pair.Right, "own-header"))
            .Select((input, _) => input is null ? null : HeaderReader.Read(input))
            .WithTrackingName(Steps.OwnHeader);

        IncrementalValueProvider<CApi?> api = header.Combine(ownHeader)
            .Select((pair, _) => pair is { Left.Api: { } given, Right.Api: { } own } ? Supplement.Of(given, own) : pair.Left?.Api)
            .WithTrackingName(Steps.Api);

        IncrementalValueProvider<RulesResult?> rules = inputs.Where(input => input.Role == "rules").Collect()
            .Select((files, _) => files.IsEmpty ? null : RulesReader.Read(files[0].File))
            .WithTrackingName(Steps.Rules);

        IncrementalValueProvider<BindResult?> bound = api.Combine(rules).Combine(settings.Select((value, _) => value.Lenient))
            .Select((pair, _) => pair is { Left: { Left: { } read, Right: { } result }, Right: var lenient }
                ? Binder.Bind(read, result.Rules, lenient)
                : null)
            .WithTrackingName(Steps.Bound);

        context.RegisterSourceOutput(
            settings.Combine(headerInput).Combine(rules),
            (output, all) => ReportMissing(output, all.Left.Left, all.Left.Right, all.Right));
        context.RegisterSourceOutput(ownHeader, (output, result) => Report(output, result?.Problems ?? default));
        context.RegisterSourceOutput(header, (output, result) => Report(output, result?.Problems ?? default));
        context.RegisterSourceOutput(rules, (output, result) => Report(output, result?.Problems ?? default));
        context.RegisterSourceOutput(bound, (output, result) => Report(output, result?.Problems ?? default));

        IncrementalValueProvider<Plan?> plan = bound.Select((result, _) => result?.Plan);
        IncrementalValueProvider<Contract?> contract = api.Combine(plan)
            .Select((pair, _) => pair.Left is { } read ? Contract.Of(read, pair.Right) : null)
            .WithTrackingName(Steps.Contract);

        Register(context, settings, "types", api, TypesEmitter.Emit);
        Register(context, settings, "contract", contract, ContractEmitter.Emit);
        Register(context, settings, "native", api, NativeEmitter.Emit);
        Register(context, settings, "remote", plan, RemoteEmitter.Emit);
        Register(context, settings, "dispatcher", plan, DispatcherEmitter.Emit);
        Register(context, settings, "exports", api, ExportsEmitter.Emit);
        Register(context, settings, "tracing", plan, TracingEmitter.Emit);
    }

    private static void Register<T>(
        IncrementalGeneratorInitializationContext context,
        IncrementalValueProvider<Settings> settings,
        string role,
        IncrementalValueProvider<T?> model,
        Func<T, IEnumerable<GeneratedFile>> emit)
        where T : class
    {
        IncrementalValueProvider<EquatableArray<GeneratedFile>> files = model
            .Combine(settings.Select((value, _) => value.Roles.Contains(role)))
            .Select((pair, _) => pair is { Left: { } value, Right: true } ? new EquatableArray<GeneratedFile>(emit(value)) : default)
            .WithTrackingName(role);
        context.RegisterSourceOutput(files, (output, all) =>
        {
            foreach (GeneratedFile file in all)
            {
                output.AddSource(file.Name, SourceText.From(file.Text, s_utf8));
            }
        });
    }

    private static (string Role, TextFile File) Input(
        AdditionalText text, AnalyzerConfigOptions options, CancellationToken cancellation)
    {
        string role = options.TryGetValue("build_metadata.AdditionalFiles.CudaRpcInput", out string? value) ? value : "";
        return role.Length == 0 || text.GetText(cancellation) is not { } content
            ? ("", new("", ""))
            : (role, new(text.Path, content.ToString()));
    }

    private static HeaderInput? Header(ImmutableArray<(string Role, TextFile File)> inputs, Settings settings, string role)
    {
        TextFile? header = inputs.FirstOrDefault(input => input.Role == role).File;
        return header is null || settings.Roles.Count == 0
            ? null
            : new(header, new(inputs.Where(input => input.Role == "libc").Select(input => input.File)), settings.LibClang);
    }

    private static void ReportMissing(SourceProductionContext output, Settings settings, HeaderInput? header, RulesResult? rules)
    {
        Report(output, settings.Problems());
        if (settings.Roles.Count > 0 && header is null)
        {
            Report(output, [Problem.At(default, Problems.NoHeader, settings.Header)]);
        }

        if (rules is null && settings.Roles.FirstOrDefault(role => role is "remote" or "dispatcher" or "tracing") is { } needy)
        {
            Report(output, [Problem.At(default, Problems.NoRules, needy, settings.Rules)]);
        }
    }

    private static void Report(SourceProductionContext output, IEnumerable<Problem> problems)
    {
        foreach (Problem problem in problems)
        {
            output.ReportDiagnostic(problem.ToDiagnostic());
        }
    }
}
