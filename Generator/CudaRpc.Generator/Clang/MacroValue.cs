using System.Globalization;
using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Clang;

/// <summary>Reads the macros whose replacement is an integer literal, in parentheses or cast to a type or not.</summary>
internal static class MacroValue
{
    /// <summary>Parses a macro.</summary>
    /// <param name="tokens">Its name and its replacement, such as <c>CU_LAUNCH_PARAM_END ( ( void * ) 0x00 )</c>.</param>
    /// <returns>The macro, or null where its replacement is anything else.</returns>
    public static CMacro? Parse(List<string> tokens)
    {
        if (tokens.Count < 2)
        {
            return null;
        }

        string name = tokens[0];
        List<string> body = Unwrap(tokens.GetRange(1, tokens.Count - 1));
        string cast = "";
        if (body.Count > 3 && body[0] == "(" && body.IndexOf(")") is > 1 and int close && close < body.Count - 1)
        {
            cast = string.Concat(body.GetRange(1, close - 1));
            body = Unwrap(body.GetRange(close + 1, body.Count - close - 1));
        }

        bool negative = body.Count == 2 && body[0] == "-";
        if (body.Count != (negative ? 2 : 1) || !TryLiteral(body[body.Count - 1], out long value))
        {
            return null;
        }

        return new(name, negative ? -value : value, cast);
    }

    private static List<string> Unwrap(List<string> tokens)
    {
        while (tokens.Count > 2 && tokens[0] == "(" && ClosesAtEnd(tokens))
        {
            tokens = tokens.GetRange(1, tokens.Count - 2);
        }

        return tokens;
    }

    private static bool ClosesAtEnd(List<string> tokens)
    {
        int depth = 0;
        for (int i = 0; i < tokens.Count; i++)
        {
            depth += tokens[i] == "(" ? 1 : tokens[i] == ")" ? -1 : 0;
            if (depth == 0)
            {
                return i == tokens.Count - 1;
            }
        }

        return false;
    }

    private static bool TryLiteral(string token, out long value)
    {
        string digits = token.TrimEnd('u', 'U', 'l', 'L');
        return digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? long.TryParse(digits.Substring(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
