using System.CommandLine.Parsing;

namespace CudaRpc.Server.Commands;

/// <summary>Numbers on the command line that must be at least one, or whatever is said.</summary>
internal static class Positive
{
    /// <summary>Adds an error unless the option's value is from <paramref name="minimum"/> to <paramref name="maximum"/>.</summary>
    public static void Check(OptionResult result, int maximum, int minimum = 1)
    {
        if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out int value) && value >= minimum && value <= maximum))
        {
            result.AddError($"{result.IdentifierToken?.Value} takes a number from {minimum} to {maximum}, not {text}");
        }
    }
}
