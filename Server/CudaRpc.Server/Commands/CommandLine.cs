using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;

namespace CudaRpc.Server.Commands;

/// <summary>Runs the command that was typed. What is wrong with it is one line on standard error, whichever command it is.</summary>
internal static class CommandLine
{
    // Not among the signals that have a name.
    private const PosixSignal FileTooLarge = (PosixSignal)25;

    /// <summary>Runs it, and returns the exit code.</summary>
    public static int Run(Command root, string[] arguments)
    {
        // A write beyond `ulimit -f` would end this process where it stands; listened to, it is a failure of that write like any other.
        using var tooLarge = PosixSignalRegistration.Create(FileTooLarge, static context => context.Cancel = true);
        ParseResult parsed = root.Parse(arguments);
        string name = Name(parsed.CommandResult);
        if (arguments.Length > 0 && Fault(parsed) is { } fault)
        {
            return ExpectedFailure.Report(name, $"{fault}; `{$"cudarpc {name}".TrimEnd()} --help` tells what there is");
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report(name, ExpectedFailure.Describe(failure)!);
        }
    }

    // As it is typed behind cudarpc.
    private static string Name(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{Name(parent)} {command.Command.Name}".TrimStart() : "";

    private static string? Fault(ParseResult parsed)
    {
        string? empty = parsed.CommandResult.Children.Select(static child => child switch
        {
            OptionResult option when HasEmpty(option) => option.IdentifierToken?.Value,
            // The arguments of a program that is run may be empty.
            ArgumentResult { Argument: { Arity.MaximumNumberOfValues: 1 } argument } result when HasEmpty(result) => argument.Name,
            _ => null,
        }).FirstOrDefault(static name => name is not null);
        // An option that there is not is taken for an argument, and the argument behind it is left over.
        string? unexpected = parsed.CommandResult.Tokens.Select(static token => token.Value)
            .FirstOrDefault(static text => text.StartsWith("--", StringComparison.Ordinal)) ?? parsed.UnmatchedTokens.FirstOrDefault();
        return empty is not null ? $"{empty} cannot be empty"
            : parsed.Action is ParseErrorAction && unexpected is not null ? $"unexpected '{unexpected}'"
            : parsed.Action is ParseErrorAction ? OneLine(parsed.Errors[0].Message)
            : null;
    }

    private static bool HasEmpty(SymbolResult result) => result.Tokens.Any(static token => token.Value.Length == 0);

    private static string OneLine(string message) =>
        string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
}
