using CudaRpc.Generator.Model;
using Microsoft.CodeAnalysis;

namespace CudaRpc.Generator.Rules;

/// <summary>
/// Binds the rules about structs: finds every handle and pointer in a struct, those of the structs inside it included, and what the rules
/// say of it. What they do not say is a diagnostic.
/// </summary>
internal sealed class StructBinder
{
    private readonly CApi _api;
    private readonly IReadOnlyDictionary<string, PlannedHandle> _handles;
    private readonly Dictionary<string, CRecord> _records;
    private readonly Dictionary<string, StructRule> _rules = [];
    private readonly List<Problem> _problems;

    // Of the struct that is being bound.
    private readonly List<PlannedField> _fields = [];
    private readonly Dictionary<string, PlannedTag> _tags = [];
    private readonly HashSet<string> _seen = [];

    private StructBinder(CApi api, IReadOnlyDictionary<string, PlannedHandle> handles, List<Problem> problems)
    {
        _api = api;
        _handles = handles;
        _records = api.Records.ToDictionary(record => record.Name);
        _problems = problems;
    }

    /// <summary>Binds all of them.</summary>
    /// <returns>The structs by name; one whose rule is in error is left out.</returns>
    public static IReadOnlyDictionary<string, PlannedStruct> Bind(
        CApi api, RuleSet rules, IReadOnlyDictionary<string, PlannedHandle> handles, List<Problem> problems)
    {
        StructBinder binder = new(api, handles, problems);
        binder.Index(rules);
        Dictionary<string, PlannedStruct> bound = [];
        foreach (StructRule rule in rules.Structs.Where(rule => binder._rules.TryGetValue(rule.Name, out StructRule? first) && first == rule))
        {
            int before = problems.Count;
            PlannedStruct planned = binder.Bind(rule);
            if (problems.Count == before)
            {
                bound.Add(rule.Name, planned);
            }
        }

        return bound;
    }

    private void Index(RuleSet rules)
    {
        foreach (StructRule rule in rules.Structs)
        {
            if (_rules.ContainsKey(rule.Name))
            {
                Report(rule.Place, Problems.DuplicateRule, rule.Name);
            }
            else if (_records.ContainsKey(rule.Name))
            {
                _rules.Add(rule.Name, rule);
            }
            else if (rule.Since <= _api.Version)
            {
                Report(rule.Place, Problems.UnknownStruct, rule.Name);
            }
        }
    }

    private PlannedStruct Bind(StructRule rule)
    {
        _fields.Clear();
        _tags.Clear();
        Walk(_records[rule.Name].Fields, new(rule, "", "", false, default));
        return new(rule.Name, new(_tags.Values), new(_fields));
    }

    private void Walk(EquatableArray<CField> fields, Level level)
    {
        bool outermost = level.Inside.Length == 0;
        if (outermost)
        {
            _seen.Clear();
        }

        foreach (CField field in fields)
        {
            string name = level.Inside + field.Name;
            _seen.Add(name);
            ParameterRule? rule = level.Rule.Fields.FirstOrDefault(item => item.Name == name);
            if (IsPlain(field.Type))
            {
                continue;
            }

            bool open = level.Open || fields.Any(other => other != field && Overlap(field, other));
            EquatableArray<Condition> where = level.Where;
            if (rule?.Find("where") is { } word && Where(level, word) is { } condition)
            {
                open = false;
                where = new(where.Append(condition));
            }

            Visit(field, rule, level with { Inside = name, Open = open, Where = where });
        }

        foreach (ParameterRule rule in outermost && level.Base.Length == 0 ? level.Rule.Fields.Where(item => !_seen.Contains(item.Name)) : [])
        {
            Report(rule.Place, Problems.UnknownParameter, rule.Name, level.Rule.Name);
        }
    }

    // The level is the field's own.
    private void Visit(CField field, ParameterRule? rule, Level level)
    {
        switch (field.Type)
        {
            case CType.Inline inline:
                Walk(inline.Definition.Fields, level with { Inside = level.Inside + "." });
                break;
            case CType.Record named when _rules.TryGetValue(named.Name, out StructRule? own):
                HashSet<string> seen = [.. _seen];
                Walk(_records[named.Name].Fields, new(own, level.Base + level.Inside + ".", "", level.Open, level.Where));
                _seen.UnionWith(seen);
                break;
            case CType.Record named:
                Walk(_records[named.Name].Fields, level with { Inside = level.Inside + "." });
                break;
            default:
                Leaf(field, rule, level);
                break;
        }
    }

    private void Leaf(CField field, ParameterRule? rule, Level level)
    {
        Place place = rule?.Place ?? level.Rule.Place;
        string path = level.Inside;
        if (rule?.Find("address") is not null && field.Type is CType.Pointer { To: CType.Void })
        {
            // Means the same on the other side.
            return;
        }

        (FieldRole Role, string Doubt) meaning = Meaning(field.Type, rule);
        if (meaning.Doubt.Length > 0)
        {
            Report(place, Problems.Ambiguous, level.Rule.Name, path, Spell(field.Type), meaning.Doubt);
            return;
        }

        if (level.Open && meaning.Role != FieldRole.Ignored)
        {
            Report(place, Problems.Ambiguous, level.Rule.Name, path, Spell(field.Type), "a member of a union needs where(...)");
            return;
        }

        if (HandleOf(field.Type) is { } kind && meaning.Role != FieldRole.Ignored && !_handles.ContainsKey(kind))
        {
            Report(place, Problems.UnknownHandle, kind, $"{level.Rule.Name} holds one, and the rules have no line for it");
            return;
        }

        string declaredIn = level.Base + path.Substring(0, path.LastIndexOf('.') + 1);
        SizeExpression? size = rule?.Find("size_is") is { } word ? Size(level, path, word) : null;
        bool optional = rule?.Find("optional") is not null;
        bool holds = meaning.Role == FieldRole.Array && !IsPlain(((CType.Pointer)field.Type).To);
        _fields.Add(new(level.Base + path, field.Type, meaning.Role, optional, size, declaredIn, holds, level.Where));
    }

    private (FieldRole Role, string Doubt) Meaning(CType type, ParameterRule? rule)
    {
        bool array = rule?.Find("in") is not null && rule.Find("size_is") is not null;
        return type switch
        {
            _ when rule?.Find("ignore") is not null => (FieldRole.Ignored, ""),
            CType.Handle when rule?.Find("handle") is not null =>
                (rule.Find("out") is null ? FieldRole.Handle : FieldRole.HandleOut, ""),
            CType.Handle => (default, "a handle needs handle or ignore"),
            CType.Pointer { To: CType.Handle } when array => (FieldRole.HandleArray, ""),
            CType.Pointer { To: CType.Record named } when array && !IsPlain(named) && !IsFlat(named) =>
                (default, "its elements hold pointers or handles, and no rule about them says what to do without further arrays"),
            CType.Pointer { To: CType.Scalar or CType.Enum or CType.Record or CType.DevicePointer } when array => (FieldRole.Array, ""),
            CType.Pointer { To: CType.Scalar or CType.Enum or CType.Record or CType.DevicePointer or CType.Handle } =>
                (default, "a pointer needs in size_is(...), address or ignore"),
            CType.Array => (default, "an array of handles or pointers cannot travel"),
            _ => (default, "it cannot travel; say ignore where null will do"),
        };
    }

    // Has a rule of its own that calls for no arrays.
    private bool IsFlat(CType.Record named) =>
        _rules.TryGetValue(named.Name, out StructRule? rule) && !rule.Fields.Any(field => field.Find("size_is") is not null);

    private Condition? Where(Level level, RuleWord word)
    {
        string[] sides = word.Argument.Split(["=="], StringSplitOptions.None);
        string path = sides[0].Trim();
        string[] values = sides.Length == 2 ? [.. sides[1].Split('|').Select(value => value.Trim())] : [];
        CType? type = TypeOf(level.Rule.Name, path);
        string? wrong = sides.Length != 2 ? "it is not field == value" : type switch
        {
            null => $"'{path}' is no field",
            CType.Enum named => values.FirstOrDefault(value => !Members(named).Any(member => member.Name == value)) is { } unknown
                ? $"'{unknown}' is no member of {named.Name}"
                : null,
            CType.Scalar => values.FirstOrDefault(value => !long.TryParse(value, out _)) is { } odd ? $"'{odd}' is no number" : null,
            _ => $"'{path}' is no integer",
        };
        if (wrong is not null)
        {
            Report(word.Place, Problems.WrongWord, $"where({word.Argument})", level.Rule.Name, wrong);
            return null;
        }

        string full = level.Base + path;
        if (type is CType.Enum tag && !_tags.ContainsKey(full))
        {
            IEnumerable<string> known = Members(tag).Where(member => member.Value != int.MaxValue)
                .GroupBy(member => member.Value).Select(same => same.First().Name);
            _tags.Add(full, new(full, tag.Name, new(known), level.Where));
        }

        return new(full, type!, new(values));
    }

    private IEnumerable<CConstant> Members(CType.Enum named) => _api.Enums.First(item => item.Name == named.Name).Constants;

    private SizeExpression? Size(Level level, string path, RuleWord word)
    {
        string inside = path.Substring(0, path.LastIndexOf('.') + 1);
        try
        {
            SizeExpression size = SizeExpression.Parse(word.Argument);
            foreach (SizeExpression.Parameter named in size.Parameters())
            {
                if (named.Dereferenced || TypeOf(level.Rule.Name, inside + named.Name) is not CType.Scalar { Kind: not (ScalarKind.Single or ScalarKind.Double) })
                {
                    throw new FormatException($"'{named.Name}' is no integer beside it");
                }
            }

            return size;
        }
        catch (FormatException wrong)
        {
            Report(word.Place, Problems.BadExpression, word.Argument, $"{level.Rule.Name}.{path}", wrong.Message);
            return null;
        }
    }

    /// <summary>The type of the field at a path, or null.</summary>
    private CType? TypeOf(string record, string path)
    {
        EquatableArray<CField> fields = _records[record].Fields;
        CType? type = null;
        foreach (string name in path.Split('.'))
        {
            type = fields.FirstOrDefault(field => field.Name == name)?.Type;
            fields = type switch
            {
                CType.Inline inline => inline.Definition.Fields,
                CType.Record named when _records.TryGetValue(named.Name, out CRecord? inner) => inner.Fields,
                _ => default,
            };
        }

        return type;
    }

    // Bytes that mean the same on the other side.
    private bool IsPlain(CType type) => type switch
    {
        CType.Record named => _records.TryGetValue(named.Name, out CRecord? record) && record.Fields.All(field => IsPlain(field.Type)),
        CType.Inline inline => inline.Definition.Fields.All(field => IsPlain(field.Type)),
        CType.Array array => IsPlain(array.Of),
        CType.Scalar or CType.Enum or CType.DevicePointer => true,
        _ => false,
    };

    private static bool Overlap(CField left, CField right) =>
        left.Offset < right.Offset + CLayout.SizeOf(right.Type) && right.Offset < left.Offset + CLayout.SizeOf(left.Type);

    private static string? HandleOf(CType type) => type switch
    {
        CType.Handle handle => handle.Name,
        CType.Pointer { To: CType.Handle handle } => handle.Name,
        _ => null,
    };

    private static string Spell(CType type) => type switch
    {
        CType.Pointer pointer => $"{(pointer.Const ? "const " : "")}{Spell(pointer.To)} *",
        CType.Handle named => named.Name,
        CType.Record named => named.Name,
        CType.Enum named => named.Name,
        CType.Void => "void",
        CType.Callback => "a callback",
        CType.Array array => $"{Spell(array.Of)}[{array.Length}]",
        CType.Scalar scalar => Signature.Spell(scalar.Kind),
        _ => "a type",
    };

    private void Report(Place place, DiagnosticDescriptor descriptor, params string[] words) =>
        _problems.Add(Problem.At(place, descriptor, words));

    /// <summary>Where the walk is.</summary>
    /// <param name="Rule">The rule that speaks about the fields here.</param>
    /// <param name="Base">The path of that rule's struct, with a dot at its end.</param>
    /// <param name="Inside">The path from there on.</param>
    /// <param name="Open">Whether this is in a union, and no where has said when it is meant.</param>
    /// <param name="Where">What must hold for the bytes to be this.</param>
    private sealed record Level(StructRule Rule, string Base, string Inside, bool Open, EquatableArray<Condition> Where);
}
