namespace CudaRpc.Simulator.Ptx.Syntax;

/// <param name="Kind">What it is.</param>
/// <param name="Text">Its characters; of a string, those between the quotes.</param>
/// <param name="Bits">Value of a number.</param>
/// <param name="Line">Line it starts on, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, ulong Bits, int Line)
{
    public bool IsSymbol(char symbol) => Kind == TokenKind.Symbol && Text[0] == symbol;

    public bool IsDotted(string word) => Kind == TokenKind.Dotted && Text == word;

    public override string ToString() => Kind == TokenKind.End ? "end of text" : $"'{Text}'";
}
