using System.Globalization;

namespace CudaRpc.Simulator.Ptx.Syntax;

/// <summary>Cuts PTX text into tokens (PTX ISA, "Syntax"). Comments and white space disappear.</summary>
internal sealed class Lexer(string source)
{
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _names =
        new Dictionary<string, string>().GetAlternateLookup<ReadOnlySpan<char>>();

    private int _position;
    private int _line = 1;

    public Token Next()
    {
        SkipBlanks();
        if (_position == source.Length)
        {
            return new Token(TokenKind.End, "", 0, _line);
        }

        char c = source[_position];
        if (char.IsAsciiDigit(c))
        {
            return Number();
        }

        if (IsNameStart(c))
        {
            return Word(TokenKind.Name, 1);
        }

        if (c == '.' && _position + 1 < source.Length && (IsNamePart(source[_position + 1])))
        {
            return Word(TokenKind.Dotted, 2);
        }

        if (c == '"')
        {
            return String();
        }

        _position++;
        return new Token(TokenKind.Symbol, Intern(source.AsSpan(_position - 1, 1)), 0, _line);
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$' or '%';

    private static bool IsNamePart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$';

    private void SkipBlanks()
    {
        while (_position < source.Length)
        {
            char c = source[_position];
            if (c == '\n')
            {
                _line++;
                _position++;
            }
            else if (c is ' ' or '\t' or '\r' or '\f' or '\v' or '\0')
            {
                _position++;
            }
            else if (c == '/' && _position + 1 < source.Length && source[_position + 1] == '/')
            {
                int end = source.IndexOf('\n', _position);
                _position = end < 0 ? source.Length : end;
            }
            else if (c == '/' && _position + 1 < source.Length && source[_position + 1] == '*')
            {
                int end = source.IndexOf("*/", _position + 2, StringComparison.Ordinal);
                if (end < 0)
                {
                    throw new PtxException("comment without end", _line);
                }

                _line += source.AsSpan(_position, end - _position).Count('\n');
                _position = end + 2;
            }
            else
            {
                return;
            }
        }
    }

    private Token Word(TokenKind kind, int skip)
    {
        int start = _position;
        _position += skip;
        while (_position < source.Length)
        {
            if (IsNamePart(source[_position]))
            {
                _position++;
            }
            else if (kind == TokenKind.Dotted && source.AsSpan(_position).StartsWith("::"))
            {
                _position += 2; // .L1::evict_last, .shared::cta
            }
            else
            {
                break;
            }
        }

        return new Token(kind, Intern(source.AsSpan(start, _position - start)), 0, _line);
    }

    private Token String()
    {
        int end = source.IndexOf('"', _position + 1);
        if (end < 0)
        {
            throw new PtxException("string without end", _line);
        }

        var token = new Token(TokenKind.String, source.Substring(_position + 1, end - _position - 1), 0, _line);
        _line += token.Text.AsSpan().Count('\n');
        _position = end + 1;
        return token;
    }

    private Token Number()
    {
        int start = _position;
        while (_position < source.Length && char.IsAsciiLetterOrDigit(source[_position]))
        {
            _position++;
        }

        ReadOnlySpan<char> text = source.AsSpan(start, _position - start);
        if (text.Length == 10 && text[0] == '0' && text[1] is 'f' or 'F')
        {
            return new Token(TokenKind.Single, text.ToString(), Parse(text[2..], 16, text), _line);
        }

        if (text.Length == 18 && text[0] == '0' && text[1] is 'd' or 'D')
        {
            return new Token(TokenKind.Double, text.ToString(), Parse(text[2..], 16, text), _line);
        }

        bool fraction = _position + 1 < source.Length && source[_position] == '.' && char.IsAsciiDigit(source[_position + 1]);
        bool exponent = !text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && text[^1] is 'e' or 'E';
        if (fraction || exponent)
        {
            return Decimal(start);
        }

        ReadOnlySpan<char> digits = text.TrimEnd("uU");
        ulong value = digits switch
        {
            ['0', 'x' or 'X', ..] => Parse(digits[2..], 16, text),
            ['0', 'b' or 'B', ..] => Parse(digits[2..], 2, text),
            ['0', _, ..] => Parse(digits[1..], 8, text),
            _ => Parse(digits, 10, text),
        };
        return new Token(TokenKind.Integer, Intern(text), value, _line);
    }

    private Token Decimal(int start)
    {
        while (_position < source.Length)
        {
            char c = source[_position];
            bool sign = c is '+' or '-' && source[_position - 1] is 'e' or 'E';
            if (!sign && c != '.' && !char.IsAsciiLetterOrDigit(c))
            {
                break;
            }

            _position++;
        }

        ReadOnlySpan<char> text = source.AsSpan(start, _position - start);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
        {
            throw new PtxException($"'{text}' is not a number", _line);
        }

        return new Token(TokenKind.Double, text.ToString(), BitConverter.DoubleToUInt64Bits(value), _line);
    }

    private ulong Parse(ReadOnlySpan<char> digits, uint radix, ReadOnlySpan<char> text)
    {
        UInt128 value = 0;
        foreach (char c in digits)
        {
            uint digit = c is >= '0' and <= '9' ? (uint)(c - '0') : c is >= 'a' and <= 'f' ? (uint)(c - 'a' + 10)
                : c is >= 'A' and <= 'F' ? (uint)(c - 'A' + 10) : 99;
            value = value * radix + digit;
            if (digit >= radix || value > ulong.MaxValue)
            {
                throw new PtxException($"'{text}' is not a number of at most 64 bits", _line);
            }
        }

        return digits.Length != 0 ? (ulong)value : throw new PtxException($"'{text}' is not a number", _line);
    }

    private string Intern(ReadOnlySpan<char> text)
    {
        if (!_names.TryGetValue(text, out string? name))
        {
            name = text.ToString();
            _names.Dictionary.Add(name, name);
        }

        return name;
    }
}
