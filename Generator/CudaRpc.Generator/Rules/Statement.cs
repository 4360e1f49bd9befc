using System.Text;
using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Rules;

/// <summary>
/// One rule: a line and those after it that begin with white space, comments taken out, and the position up to which it has been read.
/// </summary>
internal sealed class Statement
{
    private readonly string _file;
    private readonly StringBuilder _text = new();
    private readonly List<(int Line, int Column)> _places = [];
    private int _next;

    private Statement(string file) => _file = file;

    public bool AtEnd
    {
        get
        {
            SkipSpace();
            return _next == _text.Length;
        }
    }

    /// <summary>Where the next character that is no white space is, or the end of the statement.</summary>
    public Place Place
    {
        get
        {
            SkipSpace();
            if (_next < _places.Count)
            {
                return new(_file, _places[_next].Line, _places[_next].Column);
            }

            (int line, int column) = _places[_places.Count - 1];
            return new(_file, line, column + 1);
        }
    }

    public static IEnumerable<Statement> Split(TextFile file)
    {
        Statement? current = null;
        int number = 0;
        foreach (string raw in file.Text.Split('\n'))
        {
            number++;
            string line = (raw.IndexOf('#') is >= 0 and int comment ? raw.Substring(0, comment) : raw).TrimEnd();
            if (line.Length == 0)
            {
                continue;
            }

            if (!char.IsWhiteSpace(line[0]) || current is null)
            {
                if (current is not null)
                {
                    yield return current;
                }

                current = new(file.Path);
            }

            current.Append(line, number);
        }

        if (current is not null)
        {
            yield return current;
        }
    }

    public bool At(char character)
    {
        SkipSpace();
        return _next < _text.Length && _text[_next] == character;
    }

    public bool Skip(char character)
    {
        if (!At(character))
        {
            return false;
        }

        _next++;
        return true;
    }

    public void Expect(char character)
    {
        if (!Skip(character))
        {
            throw new RuleSyntaxException(Place, $"'{character}' is missing here");
        }
    }

    public void ExpectEnd()
    {
        if (!AtEnd)
        {
            throw new RuleSyntaxException(Place, "nothing may follow the parameters");
        }
    }

    /// <summary>Reads letters, digits and underscores.</summary>
    public string Name(string what) => Word(what, '_');

    /// <summary>Reads names with dots between them.</summary>
    public string Path(string what) => Word(what, '.');

    private string Word(string what, char further)
    {
        SkipSpace();
        int start = _next;
        while (_next < _text.Length && (char.IsLetterOrDigit(_text[_next]) || _text[_next] == '_' || _text[_next] == further))
        {
            _next++;
        }

        return _next > start ? _text.ToString(start, _next - start) : throw new RuleSyntaxException(Place, $"{what} is missing here");
    }

    /// <summary>Reads the parenthesised text that follows without a space, or nothing.</summary>
    public string? Argument()
    {
        if (_next == _text.Length || _text[_next] != '(')
        {
            return null;
        }

        Place open = Place;
        int start = ++_next;
        for (int depth = 1; _next < _text.Length; _next++)
        {
            depth += _text[_next] == '(' ? 1 : _text[_next] == ')' ? -1 : 0;
            if (depth == 0)
            {
                return _text.ToString(start, _next++ - start).Trim();
            }
        }

        throw new RuleSyntaxException(open, "this parenthesis is never closed");
    }

    private void Append(string line, int number)
    {
        if (_text.Length > 0)
        {
            _text.Append(' ');
            _places.Add((number, 1));
        }

        for (int i = 0; i < line.Length; i++)
        {
            _text.Append(line[i]);
            _places.Add((number, i + 1));
        }
    }

    private void SkipSpace()
    {
        while (_next < _text.Length && char.IsWhiteSpace(_text[_next]))
        {
            _next++;
        }
    }
}
