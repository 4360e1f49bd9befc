namespace CudaRpc.Simulator.Tests.Ptx.Compiled;

/// <summary>
/// CUDA's math functions as NVIDIA's compiler makes them, against those of this machine: a function that is off by more than CUDA's manual
/// allows means that some instruction in it is.
/// </summary>
public sealed class CompiledMathTests
{
    // Expression, reference in double, units in the last place that CUDA documents (and one for the reference), range of operands.
    private static readonly (string Expression, Func<double, double, double, double> Reference, double Units, double Low,
        double High)[] s_single =
    [
        ("sinf(x)", (x, _, _) => Math.Sin(x), 2, -1e6, 1e6),
        ("cosf(x)", (x, _, _) => Math.Cos(x), 2, -1e6, 1e6),
        ("tanf(x)", (x, _, _) => Math.Tan(x), 4, -1e6, 1e6),
        ("asinf(x)", (x, _, _) => Math.Asin(x), 2, -1, 1),
        ("acosf(x)", (x, _, _) => Math.Acos(x), 2, -1, 1),
        ("atanf(x)", (x, _, _) => Math.Atan(x), 2, -1e6, 1e6),
        ("atan2f(x, y)", (x, y, _) => Math.Atan2(x, y), 3, -1e3, 1e3),
        ("sinhf(x)", (x, _, _) => Math.Sinh(x), 3, -80, 80),
        ("coshf(x)", (x, _, _) => Math.Cosh(x), 2, -80, 80),
        ("tanhf(x)", (x, _, _) => Math.Tanh(x), 2, -20, 20),
        ("asinhf(x)", (x, _, _) => Math.Asinh(x), 3, -1e6, 1e6),
        ("acoshf(x)", (x, _, _) => Math.Acosh(x), 4, 1, 1e6),
        ("atanhf(x)", (x, _, _) => Math.Atanh(x), 3, -0.999, 0.999),
        ("expf(x)", (x, _, _) => Math.Exp(x), 2, -100, 88),
        ("exp2f(x)", (x, _, _) => Math.Pow(2, x), 2, -148, 127),
        ("exp10f(x)", (x, _, _) => Math.Pow(10, x), 2, -40, 38),
        ("expm1f(x)", (x, _, _) => Math.Exp(x) - 1, 2, 0.5, 80),
        ("logf(x)", (x, _, _) => Math.Log(x), 2, 1e-30, 1e30),
        ("log2f(x)", (x, _, _) => Math.Log2(x), 2, 1e-30, 1e30),
        ("log10f(x)", (x, _, _) => Math.Log10(x), 3, 1e-30, 1e30),
        ("log1pf(x)", (x, _, _) => Math.Log(1 + x), 2, 0.5, 1e10),
        ("sqrtf(x)", (x, _, _) => Math.Sqrt(x), 0.5, 0, 1e30),
        ("rsqrtf(x)", (x, _, _) => 1 / Math.Sqrt(x), 2, 1e-30, 1e30),
        ("cbrtf(x)", (x, _, _) => Math.Cbrt(x), 2, -1e30, 1e30),
        ("hypotf(x, y)", (x, y, _) => Math.Sqrt(x * x + y * y), 3, -1e15, 1e15),
        ("powf(x, y)", (x, y, _) => Math.Pow(x, y), 5, 0.01, 15),
        ("fmodf(x, y)", (x, y, _) => x % y, 0, -1e5, 1e5),
        ("remainderf(x, y)", (x, y, _) => Math.IEEERemainder(x, y), 0, -1e5, 1e5),
        ("floorf(x) + ceilf(x) - truncf(x)", (x, _, _) => Math.Floor(x) + Math.Ceiling(x) - Math.Truncate(x), 0, -1e5, 1e5),
        ("rintf(x)", (x, _, _) => Math.Round(x), 0, -1e5, 1e5),
        ("roundf(x)", (x, _, _) => Math.Round(x, MidpointRounding.AwayFromZero), 0, -1e5, 1e5),
        ("x / y", (x, y, _) => x / y, 0.5, -1e5, 1e5),
        ("__fdividef(x, y)", (x, y, _) => x / y, 2, 0.1, 1e5),
        ("fmaf(x, y, z)", (x, y, z) => x * y + z, 0.5, -1e5, 1e5),
        ("ldexpf(x, (int)y)", (x, y, _) => Math.ScaleB(x, (int)y), 0, -50, 50),
        ("__expf(x)", (x, _, _) => Math.Exp(x), 200, -80, 80),
        ("(float)((double)x * y)", (x, y, _) => x * y, 0.5, -1e5, 1e5),
        ("nextafterf(x, y)", (x, y, _) => x == y ? y : y > x ? MathF.BitIncrement((float)x) : MathF.BitDecrement((float)x), 0, -1e5, 1e5),
    ];

    private static readonly (string Expression, Func<double, double, double, double> Reference, double Units, double Low,
        double High)[] s_double =
    [
        ("sin(x)", (x, _, _) => Math.Sin(x), 3, -1e9, 1e9),
        ("cos(x)", (x, _, _) => Math.Cos(x), 3, -1e9, 1e9),
        ("tan(x)", (x, _, _) => Math.Tan(x), 4, -1e9, 1e9),
        ("asin(x)", (x, _, _) => Math.Asin(x), 3, -1, 1),
        ("atan2(x, y)", (x, y, _) => Math.Atan2(x, y), 3, -1e3, 1e3),
        ("tanh(x)", (x, _, _) => Math.Tanh(x), 3, -20, 20),
        ("exp(x)", (x, _, _) => Math.Exp(x), 2, -700, 700),
        ("log(x)", (x, _, _) => Math.Log(x), 2, 1e-300, 1e300),
        ("log2(x)", (x, _, _) => Math.Log2(x), 3, 1e-300, 1e300),
        ("pow(x, y)", (x, y, _) => Math.Pow(x, y), 3, 0.01, 80),
        ("sqrt(x)", (x, _, _) => Math.Sqrt(x), 0, 0, 1e300),
        ("rsqrt(x)", (x, _, _) => 1 / Math.Sqrt(x), 3, 1e-300, 1e300),
        ("cbrt(x)", (x, _, _) => Math.Cbrt(x), 3, -1e300, 1e300),
        ("fmod(x, y)", (x, y, _) => x % y, 0, -1e5, 1e5),
        ("floor(x) + ceil(x)", (x, _, _) => Math.Floor(x) + Math.Ceiling(x), 0, -1e5, 1e5),
        ("x / y", (x, y, _) => x / y, 0, -1e5, 1e5),
        ("fma(x, y, z)", Math.FusedMultiplyAdd, 0, -1e5, 1e5),
        ("(double)(float)x", (x, _, _) => (float)x, 0, -1e5, 1e5),
        ("(double)(i64)x + (double)(u32)y", (x, y, _) => (long)x + (uint)y, 0, 0, 4e9),
    ];

    private static readonly ExpressionModule<float> s_precise = new("float", [.. s_single.Select(row => row.Expression)], "75");
    private static readonly ExpressionModule<float> s_old = new("float", [.. s_single.Select(row => row.Expression)], "52");
    private static readonly ExpressionModule<float> s_fast = new("float", [.. s_single.Select(row => row.Expression)], "90",
        "--use_fast_math");
    private static readonly ExpressionModule<float> s_debug = new("float", [.. s_single.Select(row => row.Expression)], "75", "-G");
    private static readonly ExpressionModule<double> s_wide = new("double", [.. s_double.Select(row => row.Expression)], "75");

    public static TheoryData<string> Single => [.. s_single.Select(row => row.Expression)];

    // Those with underscores are fast in any case.
    public static TheoryData<string> SingleFast => [.. s_single.Select(row => row.Expression).Where(expression => expression[0] != '_')];

    public static TheoryData<string> Double => [.. s_double.Select(row => row.Expression)];

    [Theory]
    [MemberData(nameof(Single))]
    public void Single_IsAsPreciseAsDocumented(string expression)
    {
        var row = s_single.Single(candidate => candidate.Expression == expression);
        (float[] x, float[] y, float[] z) = Operands(row.Low, row.High, value => (float)value);
        float[] results = s_precise.Evaluate<float>(expression, x, y, z);
        for (int i = 0; i < results.Length; i++)
        {
            double exact = row.Reference(x[i], y[i], z[i]);
            double unit = MathF.BitIncrement(MathF.Abs((float)exact)) - Math.Abs((double)(float)exact);
            Assert.True(
                Math.Abs(results[i] - exact) <= Math.Max(row.Units, 0.5) * unit || (float)exact == results[i],
                $"{expression} of {x[i]:g9}, {y[i]:g9}, {z[i]:g9}: {results[i]:g9} instead of {exact:g17}");
        }

        // The same by other roads: old and new architectures share the functions, debug code the arithmetic.
        Assert.Equal(results, s_old.Evaluate<float>(expression, x, y, z));
        Assert.Equal(results, s_debug.Evaluate<float>(expression, x, y, z));
    }

    [Theory]
    [MemberData(nameof(SingleFast))]
    public void Single_FastMath_IsNearby(string expression)
    {
        var row = s_single.Single(candidate => candidate.Expression == expression);
        (float[] x, float[] y, float[] z) = Operands(Math.Max(row.Low, 0.1), Math.Min(row.High, 3), value => (float)value);
        float[] results = s_fast.Evaluate<float>(expression, x, y, z);
        for (int i = 0; i < results.Length; i++)
        {
            double exact = row.Reference(x[i], y[i], z[i]);
            Assert.True(
                !double.IsFinite(exact) || Math.Abs(results[i] - exact) <= 2e-5 * Math.Max(1, Math.Abs(exact)),
                $"{expression} of {x[i]:g9}, {y[i]:g9}, {z[i]:g9}: {results[i]:g9} instead of {exact:g17}");
        }
    }

    [Theory]
    [MemberData(nameof(Double))]
    public void Double_IsAsPreciseAsDocumented(string expression)
    {
        var row = s_double.Single(candidate => candidate.Expression == expression);
        (double[] x, double[] y, double[] z) = Operands(row.Low, row.High, value => value);
        double[] results = s_wide.Evaluate<double>(expression, x, y, z);
        for (int i = 0; i < results.Length; i++)
        {
            double exact = row.Reference(x[i], y[i], z[i]);
            double unit = Math.BitIncrement(Math.Abs(exact)) - Math.Abs(exact);
            Assert.True(
                results[i] == exact || Math.Abs(results[i] - exact) <= row.Units * unit,
                $"{expression} of {x[i]:g17}, {y[i]:g17}, {z[i]:g17}: {results[i]:g17} instead of {exact:g17}");
        }
    }

    // Small and large ones alike, and the ends.
    private static (T[] X, T[] Y, T[] Z) Operands<T>(double low, double high, Func<double, T> convert)
    {
        var random = new Random(17);
        double One() => random.Next(3) switch
        {
            0 => low + (high - low) * random.NextDouble(),
            1 => Math.Clamp((random.NextDouble() - 0.5) * 4, low, high),
            _ => Math.Clamp(Math.Pow(10, random.NextDouble() * 12 - 6) * (random.Next(2) * 2 - 1), low, high),
        };
        T[] Many() => [convert(low), convert(high), .. Enumerable.Range(0, 1500).Select(_ => convert(One()))];
        return (Many(), Many(), Many());
    }
}
