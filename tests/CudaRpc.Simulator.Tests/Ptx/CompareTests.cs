namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>setp, set, selp, slct.</summary>
public sealed class CompareTests
{
    private static readonly string[] s_ordered = ["eq", "ne", "lt", "le", "gt", "ge"];

    public static TheoryData<string> FloatComparisons =>
        ["eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"];

    [Fact]
    public void Setp_Integers_BySign()
    {
        Integers<ushort>("u16");
        Integers<short>("s16");
        Integers<uint>("u32");
        Integers<int>("s32");
        Integers<ulong>("u64");
        Integers<long>("s64");
        foreach ((string alias, string comparison) in (ReadOnlySpan<(string, string)>)[("lo", "lt"), ("ls", "le"), ("hi", "gt"),
            ("hs", "ge")])
        {
            Check<uint>($"setp.{alias}.u32", (a, b) => Compare(a.CompareTo(b), comparison));
        }

        Check<uint>("setp.eq.b32", (a, b) => a == b);
        Check<ulong>("setp.ne.b64", (a, b) => a != b);
    }

    [Theory]
    [MemberData(nameof(FloatComparisons))]
    public void Setp_Floats_OrderedAndUnordered(string comparison)
    {
        Check<float>($"setp.{comparison}.f32", (a, b) => Compare(a, b, comparison));
        Check<float>($"setp.{comparison}.ftz.f32", (a, b) => Compare(Flush(a), Flush(b), comparison));
        Check<double>($"setp.{comparison}.f64", (a, b) => Compare(a, b, comparison));
        Check<Half>($"setp.{comparison}.f16", (a, b) => Compare((double)a, (double)b, comparison));
    }

    [Theory]
    [InlineData("and", "%p9")]
    [InlineData("or", "%p9")]
    [InlineData("xor", "%p9")]
    [InlineData("and", "!%p9")]
    [InlineData("or", "!%p9")]
    [InlineData("xor", "!%p9")]
    public void Setp_CombinesBothResultsWithAPredicate(string combination, string third)
    {
        string code = "and.b32 %r10, $c, 1; setp.ne.u32 %p9, %r10, 0; "
            + $"setp.lt.{combination}.s32 %p1|%p2, $a, $b, {third}; "
            + "selp.u32 %r11, 1, 0, %p1; selp.u32 %r12, 2, 0, %p2; or.b32 $d, %r11, %r12;";
        OperationBench.Check<int, int, uint, uint>(code, (a, b, c) =>
        {
            bool other = (c & 1) != 0 != third.StartsWith('!');
            bool Combine(bool x) => combination switch
            {
                "and" => x & other,
                "or" => x | other,
                _ => x ^ other,
            };
            return (Combine(a < b) ? 1u : 0) | (Combine(!(a < b)) ? 2u : 0);
        });
    }

    [Fact]
    public void Set_WritesOnesOrOne()
    {
        OperationBench.Check<int, int, uint>("set.lt.u32.s32 $d, $a, $b;", (a, b) => a < b ? uint.MaxValue : 0);
        OperationBench.Check<float, float, float>("set.geu.f32.f32 $d, $a, $b;", (a, b) => a < b ? 0 : 1);
        OperationBench.Check<float, float, int>("set.ge.ftz.s32.f32 $d, $a, $b;", (a, b) => Flush(a) >= Flush(b) ? -1 : 0);
        OperationBench.Check<uint, uint, uint>(
            "setp.gt.u32 %p3, $a, 100; set.eq.and.u32.u32 $d, $a, $b, !%p3;", (a, b) => a == b && a <= 100 ? uint.MaxValue : 0);
    }

    [Fact]
    public void Selp_ChoosesByPredicate()
    {
        OperationBench.Check<uint, uint, uint>("setp.lt.u32 %p1, $a, $b; selp.b32 $d, $a, $b, %p1;", Math.Min);
        OperationBench.Check<uint, uint, uint>("setp.lt.u32 %p1, $a, $b; selp.b32 $d, $a, $b, !%p1;", Math.Max);
        OperationBench.Check<ushort, ushort, ushort>("setp.lt.u16 %p1, $a, $b; selp.b16 $d, $a, $b, %p1;", Math.Min);
        OperationBench.Check<ulong, ulong, ulong>("setp.lt.u64 %p1, $a, $b; selp.b64 $d, $a, $b, %p1;", Math.Min);
    }

    [Fact]
    public void Slct_ChoosesBySign()
    {
        OperationBench.Check<uint, uint, int, uint>("slct.u32.s32 $d, $a, $b, $c;", (a, b, c) => c >= 0 ? a : b);
        OperationBench.Check<ulong, ulong, float, ulong>("slct.b64.f32 $d, $a, $b, $c;", (a, b, c) => c >= 0 ? a : b);
        OperationBench.Check<float, float, float, float>("slct.ftz.f32.f32 $d, $a, $b, $c;", (a, b, c) => Flush(c) >= 0 ? a : b);
    }

    private static void Integers<T>(string type)
        where T : unmanaged, IComparable<T>
    {
        foreach (string comparison in s_ordered)
        {
            Check<T>($"setp.{comparison}.{type}", (a, b) => Compare(a.CompareTo(b), comparison));
        }
    }

    private static void Check<T>(string instruction, Func<T, T, bool> reference)
        where T : unmanaged =>
        OperationBench.Check<T, T, uint>($"{instruction} %p1, $a, $b; selp.u32 $d, 1, 0, %p1;", (a, b) => reference(a, b) ? 1u : 0);

    private static bool Compare(int order, string comparison) => comparison switch
    {
        "eq" => order == 0,
        "ne" => order != 0,
        "lt" => order < 0,
        "le" => order <= 0,
        "gt" => order > 0,
        _ => order >= 0,
    };

    private static bool Compare(double a, double b, string comparison)
    {
        bool unordered = double.IsNaN(a) || double.IsNaN(b);
        return comparison switch
        {
            "num" => !unordered,
            "nan" => unordered,
            "eq" or "ne" or "lt" or "le" or "gt" or "ge" => !unordered && Compare(a == b ? 0 : a < b ? -1 : 1, comparison),
            _ => unordered || Compare(a == b ? 0 : a < b ? -1 : 1, comparison[..2]),
        };
    }

    private static float Flush(float value) => float.IsSubnormal(value) ? MathF.CopySign(0, value) : value;
}
