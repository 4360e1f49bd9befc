using CudaRpc.Generator.Model;
using Microsoft.CodeAnalysis;

namespace CudaRpc.Generator.Rules;

/// <summary>Finds each parameter's role: by its rule, else by the defaults, which cover only what can mean one thing.</summary>
internal sealed class ParameterBinder(
    CApi api, IReadOnlyDictionary<string, PlannedHandle> handles, IReadOnlyDictionary<string, PlannedStruct> structs)
{
    private const string NoSuchHandle = "it is no handle of that kind";

    private readonly Dictionary<string, CRecord> _records = api.Records.ToDictionary(record => record.Name);

    /// <summary>Binds one parameter.</summary>
    /// <param name="function">Its function.</param>
    /// <param name="parameter">Its declaration.</param>
    /// <param name="rule">Its rule, if it has one.</param>
    /// <param name="place">Where to report.</param>
    /// <param name="problems">Takes what is wrong.</param>
    /// <returns>The bound parameter, or null where something is wrong.</returns>
    public PlannedParameter? Bind(
        PlannedFunction function, CParameter parameter, ParameterRule? rule, Place place, List<Problem> problems)
    {
        int before = problems.Count;
        void Report(DiagnosticDescriptor descriptor, params string[] words) => problems.Add(Problem.At(place, descriptor, words));
        void Wrong(string word, string why) => Report(Problems.WrongWord, word, $"{function.Name}.{parameter.Name}", why);
        SizeExpression? Expression(string word) => Parse(function, parameter, rule?.Find(word), problems);

        if (rule?.Find("ignore") is not null)
        {
            return new(parameter, Role.Ignored, Direction.In, false, null, null);
        }

        if (Ambiguity(parameter.Type, rule) is { } ambiguity)
        {
            Report(Problems.Ambiguous, function.Name, parameter.Name, parameter.Spelling, ambiguity);
            return null;
        }

        PlannedParameter result = new(
            parameter,
            RoleOf(parameter.Type, rule),
            DirectionOf(parameter.Type, rule),
            rule?.Find("optional") is not null,
            Expression("size_is"),
            Expression("length_is"),
            StructOf(parameter.Type) is not null);

        foreach (string kind in HandleKinds(parameter.Type))
        {
            if (!handles.ContainsKey(kind))
            {
                Report(Problems.UnknownHandle, kind, $"{function.Name} passes one, and the rules have no line for it");
            }
        }

        if (Misfit(result, rule) is { } misfit)
        {
            Wrong(misfit.Word, misfit.Why);
        }

        if (function.Travel == Travel.Posted && result.IsOut && result.Role != Role.NewHandle)
        {
            Wrong("async", "a posted call brings nothing back but new handles");
        }

        return problems.Count == before ? result : null;
    }

    /// <summary>Checks what no parameter can tell alone.</summary>
    public void CheckTogether(PlannedFunction function, List<PlannedParameter> parameters, Place place, List<Problem> problems)
    {
        void AtMostOne(string word, Func<PlannedParameter, bool> what)
        {
            if (parameters.Where(what).Skip(1).FirstOrDefault() is { } second)
            {
                problems.Add(Problem.At(place, Problems.WrongWord, word, $"{function.Name}.{second.Name}", "a call has room for one"));
            }
        }

        AtMostOne("bulk", parameter => parameter.Role == Role.Bulk && parameter.IsIn);
        AtMostOne("bulk", parameter => parameter.Role == Role.Bulk && parameter.IsOut);
        AtMostOne("handle(create)", parameter => parameter.Role == Role.NewHandle);
        AtMostOne("handle(destroy)", parameter => parameter.Role == Role.DestroyedHandle);
    }

    // Why the defaults do not cover a parameter, or null where its type or its rule says enough.
    private string? Ambiguity(CType type, ParameterRule? rule)
    {
        bool directed = rule is not null && (rule.Find("in") ?? rule.Find("out") ?? rule.Find("inout")) is not null;
        bool counted = rule?.Find("size_is") is not null;
        switch (type)
        {
            case CType.Callback:
                return "a callback cannot travel";
            case CType.Record or CType.Inline when !IsPlain(type):
                return "the struct holds pointers or handles";
            case CType.Pointer { To: CType.Handle, Const: false }:
                return rule?.Find("handle") is not null ? null : "an out handle needs handle(create) or handle(lookup)";
            case CType.Pointer { To: CType.Handle }:
                return directed && counted ? null : "an array of handles needs a direction and size_is";
            case CType.Pointer { To: CType.Pointer or CType.Callback }:
                return "a pointer to a pointer cannot travel";
            case CType.Pointer { To: CType.Void }:
                return directed && counted ? null : "void* needs a direction and size_is";
            case CType.Pointer { To: CType.Scalar { Kind: ScalarKind.Char }, Const: false }:
                return directed && counted ? null : "a text buffer needs a direction and size_is";
            case CType.Pointer pointer when !IsPlain(pointer.To) && StructOf(pointer) is null:
                return "the struct holds pointers or handles";
            default:
                return null;
        }
    }

    private static Role RoleOf(CType type, ParameterRule? rule) => type switch
    {
        CType.Handle => rule?.Find("handle")?.Argument == "destroy" ? Role.DestroyedHandle : Role.Handle,
        CType.Pointer { To: CType.Handle, Const: false } =>
            rule?.Find("handle")?.Argument == "create" ? Role.NewHandle : Role.FoundHandle,
        CType.Pointer { To: CType.Handle } => Role.HandleArray,
        CType.Pointer when rule?.Find("bulk") is not null => Role.Bulk,
        CType.Pointer { To: CType.Scalar { Kind: ScalarKind.Char }, Const: true } when rule?.Find("size_is") is null => Role.Text,
        CType.Pointer when rule?.Find("size_is") is not null => Role.Array,
        CType.Pointer => Role.Element,
        _ => Role.Value,
    };

    private static Direction DirectionOf(CType type, ParameterRule? rule)
    {
        if (rule?.Find("inout") is not null)
        {
            return Direction.InOut;
        }

        return rule?.Find("in") is not null ? Direction.In
            : rule?.Find("out") is not null || type is CType.Pointer { Const: false } ? Direction.Out
            : Direction.In;
    }

    // The rule about the struct that it points to, if that holds pointers or handles.
    private PlannedStruct? StructOf(CType type) =>
        type is CType.Pointer { To: CType.Record named } && structs.TryGetValue(named.Name, out PlannedStruct? found) ? found : null;

    // A word that contradicts the type or another word.
    private (string Word, string Why)? Misfit(PlannedParameter parameter, ParameterRule? rule)
    {
        if (StructOf(parameter.Type) is { } holds)
        {
            if (parameter.Role == Role.Array && (parameter.IsOut || holds.HasArrays))
            {
                return ("size_is", "several structs go in only, and without arrays inside");
            }

            if (parameter.Direction == Direction.Out && holds.HasArrays)
            {
                return ("out", "the arrays inside do not come back");
            }
        }

        if (rule is null)
        {
            return null;
        }

        if (parameter.Type is CType.Pointer { Const: true } && parameter.IsOut)
        {
            return ("out", "it points to const");
        }

        if (new[] { "in", "out", "inout" }.Count(word => rule.Find(word) is not null) > 1)
        {
            return ("out", "it has a direction already");
        }

        (string Word, bool Fits, string Why)[] checks =
        [
            ("out", parameter.Type is CType.Pointer, "it is no pointer"),
            ("inout", parameter.Type is CType.Pointer, "it is no pointer"),
            ("size_is", parameter.Role is Role.Array or Role.HandleArray or Role.Bulk, "it is no array"),
            ("length_is", parameter.Role == Role.Array && parameter.IsOut, "it is no array out"),
            ("bulk", parameter.Role == Role.Bulk && parameter.Size is not null, "it needs size_is"),
            ("bulk", parameter.Direction != Direction.InOut && !parameter.Optional, "bulk goes one way and is never left out"),
            ("string", parameter.Type is CType.Pointer { To: CType.Scalar { Kind: ScalarKind.Char } }, "it does not point to char"),
            ("optional", parameter.Type is CType.Pointer or CType.Handle, "it is neither pointer nor handle"),
            ("optional", parameter.Role != Role.NewHandle, "a call that creates must say where to"),
            ("handle", parameter.Role is Role.DestroyedHandle or Role.NewHandle or Role.FoundHandle, NoSuchHandle),
            ("handle", (rule.Find("handle")?.Argument == "destroy") == (parameter.Role == Role.DestroyedHandle), NoSuchHandle),
        ];
        foreach ((string word, bool fits, string why) in checks)
        {
            if (!fits && rule.Find(word) is not null)
            {
                return (word, why);
            }
        }

        return null;
    }

    private static SizeExpression? Parse(PlannedFunction function, CParameter parameter, RuleWord? word, List<Problem> problems)
    {
        if (word is null)
        {
            return null;
        }

        try
        {
            SizeExpression expression = SizeExpression.Parse(word.Argument);
            foreach (SizeExpression.Parameter named in expression.Parameters())
            {
                CParameter? other = function.Function.Parameters.FirstOrDefault(item => item.Name == named.Name);
                if (other is null)
                {
                    problems.Add(Problem.At(word.Place, Problems.UnknownParameter, named.Name, function.Name));
                }
                else if (!IsInteger(named.Dereferenced ? (other.Type as CType.Pointer)?.To : other.Type))
                {
                    throw new FormatException($"'{named.Name}' is no {(named.Dereferenced ? "pointer to an integer" : "integer")}");
                }
            }

            return expression;
        }
        catch (FormatException wrong)
        {
            problems.Add(Problem.At(word.Place, Problems.BadExpression, word.Argument, $"{function.Name}.{parameter.Name}", wrong.Message));
            return null;
        }
    }

    private static bool IsInteger(CType? type) => type is CType.Scalar { Kind: not (ScalarKind.Single or ScalarKind.Double) };

    private static IEnumerable<string> HandleKinds(CType type) => type switch
    {
        CType.Handle handle => [handle.Name],
        CType.Pointer { To: CType.Handle handle } => [handle.Name],
        _ => [],
    };

    // Bytes that mean the same on the other side.
    private bool IsPlain(CType type) => type switch
    {
        CType.Record named => _records.TryGetValue(named.Name, out CRecord? record) && record.Fields.All(field => IsPlain(field.Type)),
        CType.Inline inline => inline.Definition.Fields.All(field => IsPlain(field.Type)),
        CType.Array array => IsPlain(array.Of),
        CType.Scalar or CType.Enum or CType.DevicePointer => true,
        _ => false,
    };
}
