using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>
/// Emits the body of a function's 32-bit form: sizes and addresses in are extended by zeros, those out go through a local. A size that
/// does not fit becomes the largest that does, an address that does not fit is an allocation that failed.
/// </summary>
internal static class WidenedMethod
{
    public static void Emit(CodeWriter code, CFunction function, Alias alias, CApi api)
    {
        CFunction wide = api.Functions.First(item => item.Name == alias.Target);
        Pair[] pairs = [.. function.Parameters.Zip(wide.Parameters, (from, to) => Pair.Of(from, to, api))];
        string call = $"{alias.Target}({string.Join(", ", pairs.Select(Argument))})";
        if (!pairs.Any(pair => pair.HasLocal))
        {
            code.List($"public virtual CUresult {function.Name}(", CSharp.Parameters(function), ") =>");
            code.Indent();
            code.Fill($"{call};");
            code.Unindent();
            return;
        }

        code.List($"public virtual CUresult {function.Name}(", CSharp.Parameters(function), ")");
        code.Open();
        foreach (Pair pair in pairs.Where(pair => pair.HasLocal))
        {
            Declare(code, pair);
        }

        if (!pairs.Any(pair => pair.IsOut))
        {
            code.Line($"return {call};");
        }
        else
        {
            code.Line($"CUresult status = {call};");
            code.Open("if (status != CUresult.CUDA_SUCCESS)");
            code.Line("return status;");
            code.Close();
            code.Line();
            foreach (Pair pair in pairs.Where(pair => pair.IsOut && pair.IsAddress))
            {
                Refuse(code, pair, alias);
            }

            foreach (Pair pair in pairs.Where(pair => pair.IsOut))
            {
                Return(code, pair);
            }

            code.Line("return status;");
        }

        code.Close();
    }

    // dptr != null ? &dptrWide : null
    private static string Argument(Pair pair) => pair.HasLocal
        ? $"{pair.Name} != null ? &{pair.Local} : null"
        : Widen(pair.Name, pair.From.Type, pair.To.Type);

    // CUdeviceptr dptrWide = default;
    private static void Declare(CodeWriter code, Pair pair)
    {
        code.Line($"{CSharp.Type(pair.Wide)} {pair.Local} = default;");
        if (pair.IsOut)
        {
            return;
        }

        code.Open($"if ({pair.Name} != null)");
        foreach ((CField narrow, CField wide) in pair.Fields)
        {
            string field = CSharp.Identifier(narrow.Name);
            code.Line($"{pair.Local}.{field} = {Widen($"{pair.Name}->{field}", narrow.Type, wide.Type)};");
        }

        code.Close();
        code.Line();
    }

    // if (dptrWide.Value > uint.MaxValue)
    private static void Refuse(CodeWriter code, Pair pair, Alias alias)
    {
        code.Open($"if ({pair.Local}.Value > uint.MaxValue)");
        if (alias.Undo.Length > 0)
        {
            code.Line($"_ = {alias.Undo}({pair.Local});");
        }

        code.Line("return CUresult.CUDA_ERROR_OUT_OF_MEMORY;");
        code.Close();
        code.Line();
    }

    // *dptr = new CUdeviceptr_v1((uint)dptrWide.Value);
    private static void Return(CodeWriter code, Pair pair)
    {
        code.Open($"if ({pair.Name} != null)");
        if (pair.Fields.Count == 0)
        {
            code.Line($"*{pair.Name} = {Narrow(pair.Local, pair.Narrow, pair.Wide)};");
        }

        foreach ((CField narrow, CField wide) in pair.Fields)
        {
            string field = CSharp.Identifier(narrow.Name);
            code.Line($"{pair.Name}->{field} = {Narrow($"{pair.Local}.{field}", narrow.Type, wide.Type)};");
        }

        code.Close();
        code.Line();
    }

    private static string Widen(string value, CType narrow, CType wide) =>
        Widening.IsAddress(narrow, wide) ? $"new {CSharp.Type(wide)}({value}.Value)" : value;

    private static string Narrow(string value, CType narrow, CType wide) =>
        Widening.IsAddress(narrow, wide) ? $"new {CSharp.Type(narrow)}((uint){value}.Value)"
        : Widening.IsSize(narrow, wide) ? $"(uint)nuint.Min({value}, uint.MaxValue)"
        : value;

    /// <summary>A parameter and its successor.</summary>
    private sealed record Pair(CParameter From, CParameter To, IReadOnlyList<(CField Narrow, CField Wide)> Fields)
    {
        public string Name => CSharp.Identifier(From.Name);

        public string Local => From.Name + "Wide";

        public bool HasLocal => From.Type != To.Type && From.Type is CType.Pointer;

        public bool IsOut => HasLocal && From.Type is CType.Pointer { Const: false };

        public bool IsAddress => HasLocal && Widening.IsAddress(Narrow, Wide);

        public CType Narrow => ((CType.Pointer)From.Type).To;

        public CType Wide => ((CType.Pointer)To.Type).To;

        public static Pair Of(CParameter from, CParameter to, CApi api) => new(
            from,
            to,
            from.Type is CType.Pointer narrow && to.Type is CType.Pointer wide ? Widening.Fields(narrow.To, wide.To, api) ?? [] : []);
    }
}
