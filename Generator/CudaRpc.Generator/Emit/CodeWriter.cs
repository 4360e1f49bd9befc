using System.Text;

namespace CudaRpc.Generator.Emit;

/// <summary>Writes C# line by line, four spaces a level, LF.</summary>
internal sealed class CodeWriter
{
    private const int Columns = 140;

    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _fresh = true;

    /// <summary>Writes one line; an empty one at the start of a block or after another is left out.</summary>
    public void Line(string line = "")
    {
        if (line.Length > 0)
        {
            _text.Append(' ', _depth * 4).Append(line).Append('\n');
            _fresh = false;
        }
        else if (!_fresh)
        {
            _text.Append('\n');
            _fresh = true;
        }
    }

    /// <summary>Opens a block: the line, if any, and a brace.</summary>
    public void Open(string line = "")
    {
        if (line.Length > 0)
        {
            Line(line);
        }

        Line("{");
        _depth++;
        _fresh = true;
    }

    /// <summary>Sets the next lines one level deeper, without a brace.</summary>
    public void Indent() => _depth++;

    /// <summary>Ends <see cref="Indent"/>.</summary>
    public void Unindent() => _depth--;

    /// <summary>Closes the innermost block.</summary>
    public void Close(string after = "")
    {
        _depth--;
        if (_fresh && _text.Length > 1 && _text[_text.Length - 2] == '\n')
        {
            _text.Length--;
        }

        Line("}" + after);
    }

    /// <summary>Writes a call or a declaration on one line, or with one item a line where that is too long.</summary>
    /// <param name="head">Up to and with the opening bracket.</param>
    /// <param name="items">What stands between the brackets.</param>
    /// <param name="tail">From the closing bracket on.</param>
    public void List(string head, IReadOnlyList<string> items, string tail)
    {
        string line = head + string.Join(", ", items) + tail;
        if (Fits(line) || items.Count == 0)
        {
            Line(line);
            return;
        }

        Line(head);
        for (int i = 0; i < items.Count; i++)
        {
            Continue(items[i] + (i < items.Count - 1 ? "," : tail));
        }
    }

    /// <summary>Writes text that may be broken after any space, over as many lines as it takes, the later ones a level deeper.</summary>
    public void Fill(string text)
    {
        string line = "";
        string indent = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && !Fits(indent + line + " " + word))
            {
                Line(indent + line);
                indent = "    ";
                line = "";
            }

            line += line.Length > 0 ? " " + word : word;
        }

        Line(indent + line);
    }

    /// <summary>Writes a documentation comment's summary, over several lines where it is long.</summary>
    public void Summary(string text)
    {
        string line = $"/// <summary>{text}</summary>";
        if (Fits(line))
        {
            Line(line);
            return;
        }

        Line("/// <summary>");
        line = "///";
        foreach (string word in text.Split(' '))
        {
            if (!Fits(line + " " + word))
            {
                Line(line);
                line = "///";
            }

            line += " " + word;
        }

        Line(line);
        Line("/// </summary>");
    }

    /// <summary>Writes a line one level deeper.</summary>
    public void Continue(string line)
    {
        _depth++;
        Line(line);
        _depth--;
    }

    public override string ToString() => _text.ToString();

    private bool Fits(string line) => (_depth * 4) + line.Length <= Columns;
}
