namespace CudaRpc.Generator.Rules;

/// <summary>The words of the rules and whether they take an argument.</summary>
internal static class Vocabulary
{
    /// <summary>Words about a function.</summary>
    public static readonly IReadOnlyDictionary<string, Argument> Function = new Dictionary<string, Argument>
    {
        ["sync"] = Argument.None,
        ["async"] = Argument.None,
        ["blocking"] = Argument.None,
        ["local"] = Argument.None,
        ["custom"] = Argument.OneOf("client", "server", "both"),
        ["unsupported"] = Argument.Text,
        ["since"] = Argument.Number,
        ["same_as"] = Argument.Text,
        ["widened"] = Argument.Text,
        ["cache"] = Argument.OneOf("process", "device", "function", "handle"),
        ["check"] = Argument.Text,
    };

    /// <summary>Words about a parameter.</summary>
    public static readonly IReadOnlyDictionary<string, Argument> Parameter = new Dictionary<string, Argument>
    {
        ["in"] = Argument.None,
        ["out"] = Argument.None,
        ["inout"] = Argument.None,
        ["optional"] = Argument.None,
        ["string"] = Argument.None,
        ["bulk"] = Argument.None,
        ["ignore"] = Argument.None,
        ["size_is"] = Argument.Text,
        ["length_is"] = Argument.Text,
        ["handle"] = Argument.OneOf("create", "destroy", "lookup"),
    };

    /// <summary>Words about a struct.</summary>
    public static readonly IReadOnlyDictionary<string, Argument> Struct = new Dictionary<string, Argument>
    {
        ["since"] = Argument.Number,
    };

    /// <summary>Words about a field of a struct.</summary>
    public static readonly IReadOnlyDictionary<string, Argument> Field = new Dictionary<string, Argument>
    {
        ["in"] = Argument.None,
        ["out"] = Argument.None,
        ["handle"] = Argument.None,
        ["optional"] = Argument.None,
        ["size_is"] = Argument.Text,
        ["where"] = Argument.Text,
        ["address"] = Argument.None,
        ["ignore"] = Argument.None,
    };

    /// <summary>Words about a handle type.</summary>
    public static readonly IReadOnlyDictionary<string, Argument> Handle = new Dictionary<string, Argument>
    {
        ["destroy"] = Argument.Text,
        ["since"] = Argument.Number,
    };

    /// <summary>What may stand in a word's parentheses.</summary>
    internal sealed class Argument
    {
        public static readonly Argument None = new();
        public static readonly Argument Text = new() { Required = true };
        public static readonly Argument Number = new() { Required = true, IsNumber = true };

        private bool Required { get; init; }

        private bool IsNumber { get; init; }

        private string[] Choices { get; init; } = [];

        public static Argument OneOf(params string[] choices) => new() { Required = true, Choices = choices };

        /// <summary>What is wrong with <paramref name="argument"/>, or null.</summary>
        public string? Complaint(string word, string? argument)
        {
            if (!Required)
            {
                return argument is null ? null : $"'{word}' takes no argument";
            }

            if (string.IsNullOrEmpty(argument))
            {
                return $"'{word}' needs an argument in parentheses, without a space before them";
            }

            if (IsNumber && !int.TryParse(argument, out _))
            {
                return $"'{word}' needs a number, not '{argument}'";
            }

            return Choices.Length > 0 && !Choices.Contains(argument)
                ? $"'{word}' takes {string.Join(", ", Choices)}, not '{argument}'"
                : null;
        }
    }
}
