using System.Collections.Immutable;
using System.Text;
using CudaRpc.Generator.Clang;
using CudaRpc.Generator.Emit;
using CudaRpc.Generator.Model;
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

        IncrementalValueProvider<HeaderInput?> header = inputs.Where(input => input.Role is "header" or "libc").Collect()
            .Combine(settings)
            .Select((pair, _) => Header(pair.Left, pair.Right))
            .WithTrackingName(Steps.Header);

        IncrementalValueProvider<HeaderResult?> api = header
            .Select((input, _) => input is null ? null : HeaderReader.Read(input))
            .WithTrackingName(Steps.Api);

        context.RegisterSourceOutput(settings.Combine(header), ReportSettings);
        context.RegisterSourceOutput(api, (output, result) => Report(output, result?.Problems ?? default));

        Register(context, settings, "types", api.Select((result, _) => result?.Api), TypesEmitter.Emit);
        Register(context, settings, "contract", api.Select((result, _) => result?.Api), ContractEmitter.Emit);
        Register(context, settings, "native", api.Select((result, _) => result?.Api), NativeEmitter.Emit);
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

    private static HeaderInput? Header(ImmutableArray<(string Role, TextFile File)> inputs, Settings settings)
    {
        TextFile? header = inputs.FirstOrDefault(input => input.Role == "header").File;
        return header is null || settings.Roles.Count == 0
            ? null
            : new(header, new(inputs.Where(input => input.Role == "libc").Select(input => input.File)), settings.LibClang);
    }

    private static void ReportSettings(SourceProductionContext output, (Settings Settings, HeaderInput? Header) pair)
    {
        Report(output, pair.Settings.Problems());
        if (pair.Settings.Roles.Count > 0 && pair.Header is null)
        {
            Report(output, [Problem.At(default, Problems.NoHeader, pair.Settings.Header)]);
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
