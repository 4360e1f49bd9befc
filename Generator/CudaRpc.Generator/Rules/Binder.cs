using System.Text.RegularExpressions;
using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Rules;

/// <summary>Holds the rules against the header: every function gets its plan, every doubt a diagnostic. Nothing is guessed.</summary>
internal sealed class Binder
{
    // Numbers below belong to the protocol itself.
    private const uint FirstCallId = 256;

    private readonly CApi _api;
    private readonly RuleSet _rules;
    private readonly Dictionary<string, CFunction> _functions;
    private readonly Dictionary<string, FunctionRule> _byName = [];
    private readonly Dictionary<string, PlannedHandle> _handles = [];
    private readonly List<Problem> _problems = [];
    private ParameterBinder _parameters;
    private IReadOnlyDictionary<string, PlannedStruct> _structs = new Dictionary<string, PlannedStruct>();

    private readonly bool _lenient;

    private Binder(CApi api, RuleSet rules, bool lenient)
    {
        _lenient = lenient;
        _api = api;
        _rules = rules;
        _functions = api.Functions.ToDictionary(function => function.Name);
        _parameters = new(api, _handles, _structs);
    }

    /// <summary>Binds them.</summary>
    /// <param name="api">What the header declares.</param>
    /// <param name="rules">What the rules say.</param>
    /// <param name="lenient">Whether a function that the rules do not know and cannot be without is a warning, and unsupported.</param>
    public static BindResult Bind(CApi api, RuleSet rules, bool lenient = false)
    {
        Binder binder = new(api, rules, lenient);
        binder.BindHandles();
        binder.BindStructs();
        binder.IndexRules();
        List<PlannedFunction> functions = [.. api.Functions.Select(binder.BindFunction)];
        binder.CheckCallIds(functions);
        return new(
            new(
                api.Version,
                new(binder._handles.Values.OrderBy(handle => handle.Number)),
                new(binder._structs.Values.OrderBy(item => item.Name, StringComparer.Ordinal)),
                new(functions)),
            new(binder._problems.Distinct()));
    }

    private void BindHandles()
    {
        Dictionary<int, string> numbers = [];
        foreach (HandleRule rule in _rules.Handles)
        {
            if (!_api.Handles.Any(handle => handle.Name == rule.Name))
            {
                if (rule.Since <= _api.Version)
                {
                    Report(rule.Place, Problems.UnknownHandle, rule.Name, "the header has no such opaque handle");
                }
            }
            else if (_handles.ContainsKey(rule.Name))
            {
                Report(rule.Place, Problems.DuplicateRule, rule.Name);
            }
            else if (numbers.TryGetValue(rule.Number, out string? other))
            {
                Report(rule.Place, Problems.UnknownHandle, rule.Name, $"its number {rule.Number} is {other}'s");
            }
            else
            {
                CheckDestroyer(rule);
                numbers.Add(rule.Number, rule.Name);
                _handles.Add(rule.Name, new(rule.Name, rule.Number, rule.Destroy));
            }
        }
    }

    private void BindStructs()
    {
        _structs = StructBinder.Bind(_api, _rules, _handles, _problems);
        _parameters = new(_api, _handles, _structs);
    }

    private void CheckDestroyer(HandleRule rule)
    {
        if (rule.Destroy.Length == 0)
        {
            return;
        }

        if (!_functions.TryGetValue(rule.Destroy, out CFunction? destroyer))
        {
            Report(rule.Place, Problems.UnknownFunction, rule.Destroy);
        }
        else if (destroyer.Parameters.Count != 1 || destroyer.Parameters[0].Type is not CType.Handle handle || handle.Name != rule.Name)
        {
            string why = $"{rule.Destroy} does not take a {rule.Name} alone";
            Report(rule.Place, Problems.WrongWord, $"destroy({rule.Destroy})", rule.Name, why);
        }
    }

    private void IndexRules()
    {
        foreach (FunctionRule rule in _rules.Functions)
        {
            if (!_functions.ContainsKey(rule.Name))
            {
                if (!int.TryParse(rule.Argument("since"), out int since) || since <= _api.Version)
                {
                    Report(rule.Place, Problems.UnknownFunction, rule.Name);
                }
            }
            else if (_byName.ContainsKey(rule.Name))
            {
                Report(rule.Place, Problems.DuplicateRule, rule.Name);
            }
            else
            {
                _byName.Add(rule.Name, rule);
            }
        }
    }

    private PlannedFunction BindFunction(CFunction function)
    {
        if (_byName.TryGetValue(function.Name, out FunctionRule? rule))
        {
            return BindRule(function, rule);
        }

        if (Twins.BaseName(function.Name) is { } name && _functions.TryGetValue(name, out CFunction? twin))
        {
            return BindTwin(function, BindQuietly(twin));
        }

        int before = _problems.Count;
        PlannedFunction plan = BindRule(function, new(function.Name, default, default, function.Place));
        return _lenient && _problems.Count > before ? Unruled(plan, before) : plan;
    }

    // One warning instead of the errors.
    private PlannedFunction Unruled(PlannedFunction plan, int before)
    {
        string doubt = _problems[before].ToDiagnostic().GetMessage(System.Globalization.CultureInfo.InvariantCulture);
        _problems.RemoveRange(before, _problems.Count - before);
        Report(plan.Function.Place, Problems.Unruled, plan.Name, doubt);
        return plan with { Travel = Travel.Unsupported, Reason = "newer than the rules" };
    }

    // The base function reports its own problems when its turn comes.
    private PlannedFunction BindQuietly(CFunction function)
    {
        int count = _problems.Count;
        PlannedFunction result = BindFunction(function);
        _problems.RemoveRange(count, _problems.Count - count);
        return result;
    }

    // Only a call whose halves are both generated is generated again for the twin; hand-written code serves both names.
    private static PlannedFunction BindTwin(CFunction function, PlannedFunction twin)
    {
        bool own = twin.IsRemoted && twin.Hand == Halves.None && Signature.Parameters(function) == Signature.Parameters(twin.Function);
        return twin with
        {
            Function = function,
            Travel = own ? twin.Travel : twin.Travel == Travel.Unsupported ? Travel.Unsupported : Travel.Twin,
            Hand = Halves.None,
            CallId = Signature.CallId(function),
            Target = own ? "" : twin.Name,
        };
    }

    private PlannedFunction BindRule(CFunction function, FunctionRule rule)
    {
        Travel travel = TravelOf(rule);
        PlannedFunction plan = new(
            function,
            travel,
            rule.Argument("custom") switch
            {
                "client" => Halves.Client,
                "server" => Halves.Server,
                "both" => Halves.Both,
                _ => Halves.None,
            },
            default,
            Signature.CallId(function),
            rule.Argument("same_as"),
            "",
            rule.Argument("unsupported"),
            int.TryParse(rule.Argument("since"), out int since) ? since : 0,
            rule.Argument("cache"),
            rule.Argument("check"));
        CheckNames(function, rule);
        if (travel == Travel.SameAs)
        {
            return IsSame(function, rule, plan.Target) ? plan : Spoilt(plan);
        }

        if (travel == Travel.Widened)
        {
            return BindWidened(plan, rule);
        }

        if (!plan.IsRemoted && (plan.Hand != Halves.None || rule.Parameters.Count > 0))
        {
            string word = plan.Hand != Halves.None ? "custom" : "a rule about parameters";
            Report(rule.Place, Problems.WrongWord, word, function.Name, "it does not travel");
        }

        if (plan.Check.Length > 0 && (!plan.IsRemoted || plan.ClientByHand))
        {
            Report(rule.Place, Problems.WrongWord, "check", function.Name, "its client half is not generated");
        }

        return plan.IsRemoted && plan.Hand != Halves.Both ? BindParameters(plan, rule) : plan;
    }

    private Travel TravelOf(FunctionRule rule)
    {
        (string Word, Travel Travel)[] said = [.. s_travels.Where(item => rule.Has(item.Word))];
        if (said.Length > 1)
        {
            Report(rule.Place, Problems.WrongWord, said[1].Word, rule.Name, $"it is '{said[0].Word}' already");
        }

        return said.Length > 0 ? said[0].Travel : Travel.Synchronous;
    }

    private static readonly (string Word, Travel Travel)[] s_travels =
    [
        ("sync", Travel.Synchronous),
        ("async", Travel.Posted),
        ("blocking", Travel.Blocking),
        ("local", Travel.Local),
        ("unsupported", Travel.Unsupported),
        ("same_as", Travel.SameAs),
        ("widened", Travel.Widened),
    ];

    private void CheckNames(CFunction function, FunctionRule rule)
    {
        HashSet<string> seen = [];
        foreach (ParameterRule parameter in rule.Parameters)
        {
            if (!function.Parameters.Any(item => item.Name == parameter.Name))
            {
                Report(parameter.Place, Problems.UnknownParameter, parameter.Name, function.Name);
            }
            else if (!seen.Add(parameter.Name))
            {
                Report(parameter.Place, Problems.DuplicateRule, $"{function.Name}.{parameter.Name}");
            }
        }
    }

    private bool IsSame(CFunction function, FunctionRule rule, string target)
    {
        if (!_functions.TryGetValue(target, out CFunction? other))
        {
            Report(rule.Place, Problems.UnknownFunction, target);
            return false;
        }

        if (Signature.Parameters(function) != Signature.Parameters(other))
        {
            Report(rule.Place, Problems.NotTheSame, function.Name, Signature.Parameters(function), target, Signature.Parameters(other));
            return false;
        }

        return true;
    }

    // widened(cuMemAlloc_v2, undo(cuMemFree_v2))
    private PlannedFunction BindWidened(PlannedFunction plan, FunctionRule rule)
    {
        Match match = s_widened.Match(rule.Argument("widened"));
        plan = plan with { Target = match.Groups["target"].Value, Undo = match.Groups["undo"].Value };
        if (!match.Success)
        {
            Report(rule.Place, Problems.RuleSyntax, $"'widened({rule.Argument("widened")})' is not widened(f) or widened(f, undo(g))");
            return Spoilt(plan);
        }

        if (!_functions.TryGetValue(plan.Target, out CFunction? wide))
        {
            Report(rule.Place, Problems.UnknownFunction, plan.Target);
            return Spoilt(plan);
        }

        if (Widening.Complaint(plan.Function, wide, _api) is { } complaint)
        {
            string narrow = Signature.Parameters(plan.Function);
            Report(rule.Place, Problems.NotWidened, plan.Name, narrow, plan.Target, Signature.Parameters(wide), complaint);
            return Spoilt(plan);
        }

        if (plan.Undo.Length > 0
            && (!_functions.TryGetValue(plan.Undo, out CFunction? undo)
                || undo.Parameters.Count != 1 || undo.Parameters[0].Type is not CType.DevicePointer { Underlying: not ScalarKind.UInt32 }))
        {
            Report(rule.Place, Problems.WrongWord, $"undo({plan.Undo})", plan.Name, $"{plan.Undo} does not take a device address alone");
            return Spoilt(plan);
        }

        return plan;
    }

    private static readonly Regex s_widened = new(@"^(?<target>\w+)(\s*,\s*undo\((?<undo>\w+)\))?$");

    private PlannedFunction BindParameters(PlannedFunction plan, FunctionRule rule)
    {
        int before = _problems.Count;
        List<PlannedParameter> parameters = [];
        foreach (CParameter parameter in plan.Function.Parameters)
        {
            ParameterRule? about = rule.Parameters.FirstOrDefault(item => item.Name == parameter.Name);
            if (_parameters.Bind(plan, parameter, about, about?.Place ?? rule.Place, _problems) is { } bound)
            {
                parameters.Add(bound);
            }
        }

        _parameters.CheckTogether(plan, parameters, rule.Place, _problems);

        return _problems.Count == before ? plan with { Parameters = new(parameters) } : Spoilt(plan);
    }

    // What could not be bound is not emitted: one diagnostic is enough.
    private static PlannedFunction Spoilt(PlannedFunction plan) =>
        plan with { Travel = Travel.Unsupported, Reason = "its rule is in error" };

    private void CheckCallIds(List<PlannedFunction> functions)
    {
        Dictionary<uint, string> ids = [];
        foreach (PlannedFunction function in functions.Where(function => function.IsRemoted))
        {
            if (function.CallId < FirstCallId)
            {
                Report(function.Function.Place, Problems.CallIdCollision, function.Name, "a frame of the protocol itself");
            }
            else if (ids.TryGetValue(function.CallId, out string? other))
            {
                Report(function.Function.Place, Problems.CallIdCollision, function.Name, other);
            }
            else
            {
                ids.Add(function.CallId, function.Name);
            }
        }
    }

    private void Report(Place place, Microsoft.CodeAnalysis.DiagnosticDescriptor descriptor, params string[] words) =>
        _problems.Add(Problem.At(place, descriptor, words));
}

/// <summary>The outcome of binding: a plan for every function, and what is wrong.</summary>
internal sealed record BindResult(Plan Plan, EquatableArray<Problem> Problems);
