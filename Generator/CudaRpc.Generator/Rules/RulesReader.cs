using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Rules;

/// <summary>Reads a rules file. A statement that is wrong is reported and left out; the others are read.</summary>
internal sealed class RulesReader
{
    private readonly List<HandleRule> _handles = [];
    private readonly List<StructRule> _structs = [];
    private readonly List<FunctionRule> _functions = [];
    private readonly List<Problem> _problems = [];

    private RulesReader()
    {
    }

    public static RulesResult Read(TextFile file)
    {
        RulesReader reader = new();
        foreach (Statement statement in Statement.Split(file))
        {
            try
            {
                reader.Read(statement);
            }
            catch (RuleSyntaxException wrong)
            {
                reader._problems.Add(Problem.At(wrong.Place, Problems.RuleSyntax, wrong.Message));
            }
        }

        return new(new(new(reader._handles), new(reader._structs), new(reader._functions)), new(reader._problems));
    }

    private void Read(Statement statement)
    {
        Place place = statement.Place;
        string name = statement.Name("a function's name, 'handle' or 'struct'");
        if (name == "handle")
        {
            ReadHandle(statement, place);
            return;
        }

        if (name == "struct")
        {
            ReadStruct(statement, place);
            return;
        }

        List<RuleWord> words = [];
        List<ParameterRule> parameters = [];
        while (!statement.AtEnd)
        {
            if (statement.Skip('('))
            {
                ReadParameters(statement, parameters, Vocabulary.Parameter);
                statement.ExpectEnd();
            }
            else
            {
                words.Add(ReadWord(statement, Vocabulary.Function));
            }
        }

        _functions.Add(new(name, new(words), new(parameters), place));
    }

    private void ReadHandle(Statement statement, Place place)
    {
        string name = statement.Name("a handle type");
        statement.Expect('=');
        Place numberPlace = statement.Place;
        string number = statement.Name("the handle's number on the wire");
        if (!int.TryParse(number, out int value) || value is < 1 or > 127)
        {
            throw new RuleSyntaxException(numberPlace, $"a handle's number is 1 to 127, not '{number}'");
        }

        List<RuleWord> words = [];
        while (!statement.AtEnd)
        {
            words.Add(ReadWord(statement, Vocabulary.Handle));
        }

        string Argument(string word) => words.Find(item => item.Name == word)?.Argument ?? "";
        _handles.Add(new(name, value, Argument("destroy"), int.TryParse(Argument("since"), out int since) ? since : 0, place));
    }

    private void ReadStruct(Statement statement, Place place)
    {
        string name = statement.Name("a struct");
        List<RuleWord> words = [];
        List<ParameterRule> fields = [];
        while (!statement.Skip('('))
        {
            words.Add(ReadWord(statement, Vocabulary.Struct));
        }

        ReadParameters(statement, fields, Vocabulary.Field);
        statement.ExpectEnd();
        _structs.Add(new(name, words.Select(word => int.Parse(word.Argument)).FirstOrDefault(), new(fields), place));
    }

    // The opening parenthesis has been read: srcHost: in bulk size_is(ByteCount), hStream: optional)
    private static void ReadParameters(
        Statement statement, List<ParameterRule> parameters, IReadOnlyDictionary<string, Vocabulary.Argument> vocabulary)
    {
        do
        {
            Place place = statement.Place;
            string name = statement.Path("a parameter's name");
            statement.Expect(':');
            List<RuleWord> words = [];
            do
            {
                words.Add(ReadWord(statement, vocabulary));
            }
            while (!statement.At(',') && !statement.At(')') && !statement.AtEnd);

            parameters.Add(new(name, new(words), place));
        }
        while (statement.Skip(','));

        statement.Expect(')');
    }

    private static RuleWord ReadWord(Statement statement, IReadOnlyDictionary<string, Vocabulary.Argument> vocabulary)
    {
        Place place = statement.Place;
        string word = statement.Name("a word");
        string? argument = statement.Argument();
        if (!vocabulary.TryGetValue(word, out Vocabulary.Argument? expected))
        {
            throw new RuleSyntaxException(place, $"'{word}' is no word here; the words are {string.Join(", ", vocabulary.Keys)}");
        }

        return expected.Complaint(word, argument) is { } complaint
            ? throw new RuleSyntaxException(place, complaint)
            : new(word, argument ?? "", place);
    }
}
