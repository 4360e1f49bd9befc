using System.CommandLine.Parsing;

namespace CudaRpc.Server.Commands;

/// <summary>Numbers on the command line that must be at least one.</summary>
internal static class Positive
{
    /// <summary>Adds an error unless the option's value is from 1 to <paramref name="maximum"/>.</summary>
    public static void Check(OptionResult result, int maximum)
    {
        if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out int value) && value >= 1 && value <= maximum))
        {
            result.AddError($"{result.IdentifierToken?.Value} takes a number from 1 to {maximum}, not {text}");
        }
    }
}
