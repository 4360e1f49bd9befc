namespace CudaRpc.Generator.Rules;

/// <summary>A count of elements: an integer, a parameter, <c>*parameter</c>, and products and sums of those.</summary>
internal abstract record SizeExpression
{
    private SizeExpression()
    {
    }

    /// <summary>Parses an expression; products bind stronger than sums.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static SizeExpression Parse(string text)
    {
        string rest = text.Trim();
        SizeExpression result = Sum(ref rest);
        return rest.Length == 0 ? result : throw new FormatException($"'{rest}' is left over");
    }

    /// <summary>The parameters it names.</summary>
    public IEnumerable<Parameter> Parameters() => this switch
    {
        Parameter parameter => [parameter],
        Operation operation => operation.Left.Parameters().Concat(operation.Right.Parameters()),
        _ => [],
    };

    private static SizeExpression Sum(ref string rest)
    {
        SizeExpression left = Product(ref rest);
        while (Skip(ref rest, '+'))
        {
            left = new Operation(left, '+', Product(ref rest));
        }

        return left;
    }

    private static SizeExpression Product(ref string rest)
    {
        SizeExpression left = Operand(ref rest);
        while (Skip(ref rest, '*'))
        {
            left = new Operation(left, '*', Operand(ref rest));
        }

        return left;
    }

    private static SizeExpression Operand(ref string rest)
    {
        bool dereferenced = Skip(ref rest, '*');
        int length = 0;
        while (length < rest.Length && (char.IsLetterOrDigit(rest[length]) || rest[length] == '_'))
        {
            length++;
        }

        if (length == 0)
        {
            throw new FormatException(
                rest.Length > 0 ? $"'{rest[0]}' is no number and no parameter" : "a number or a parameter is missing");
        }

        string word = rest.Substring(0, length);
        rest = rest.Substring(length).TrimStart();
        if (!char.IsDigit(word[0]))
        {
            return new Parameter(word, dereferenced);
        }

        return int.TryParse(word, out int number) && !dereferenced
            ? new Number(number)
            : throw new FormatException($"'{word}' is no number");
    }

    private static bool Skip(ref string rest, char character)
    {
        if (rest.Length == 0 || rest[0] != character)
        {
            return false;
        }

        rest = rest.Substring(1).TrimStart();
        return true;
    }

    public sealed record Number(int Value) : SizeExpression;

    public sealed record Parameter(string Name, bool Dereferenced) : SizeExpression;

    public sealed record Operation(SizeExpression Left, char Operator, SizeExpression Right) : SizeExpression;
}
