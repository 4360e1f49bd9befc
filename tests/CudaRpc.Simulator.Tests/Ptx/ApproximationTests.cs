namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>The .approx instructions: correctly rounded but for the host's own error, special values as the PTX ISA lists them.</summary>
public sealed class ApproximationTests
{
    public static TheoryData<string> Functions => ["rcp", "sqrt", "rsqrt", "sin", "cos", "ex2", "lg2", "tanh"];

    // tanh.approx has no .ftz.
    public static TheoryData<string> FlushingFunctions => ["rcp", "sqrt", "rsqrt", "sin", "cos", "ex2", "lg2"];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Approx_F32_IsWithinOneUnit(string function)
    {
        float[] values = [.. EdgeValues.Of<float>(), .. EdgeValues.Random<float>(3000, 1)];
        float[] results = OperationBench.Run<float, float, float, float>($"{function}.approx.f32 $d, $a;", values, values, values);
        for (int i = 0; i < values.Length; i++)
        {
            AssertClose(function, values[i], (float)Reference(function, values[i]), results[i]);
        }
    }

    [Theory]
    [MemberData(nameof(FlushingFunctions))]
    public void Approx_F32_Ftz_FlushesBothEnds(string function)
    {
        float[] values = [.. EdgeValues.Of<float>(), .. EdgeValues.Random<float>(500, 2)];
        float[] results = OperationBench.Run<float, float, float, float>($"{function}.approx.ftz.f32 $d, $a;", values, values, values);
        for (int i = 0; i < values.Length; i++)
        {
            AssertClose(function, values[i], Flush((float)Reference(function, Flush(values[i]))), results[i]);
        }
    }

    [Fact]
    public void DivApprox_IsTheQuotient()
    {
        OperationBench.Check<float, float, float>("div.approx.f32 $d, $a, $b;", (a, b) => float.IsNaN(a / b) ? CanonicalNaN : a / b);
    }

    [Fact]
    public void RcpRsqrt_F64_UseTheUpperHalf()
    {
        double[] values = [1, 2, 3, 1e10, 1e-10, -7, 0.1];
        foreach (string function in (string[])["rcp", "rsqrt"])
        {
            double[] results = OperationBench.Run<double, double, double,
                double>($"{function}.approx.ftz.f64 $d, $a;", values, values, values);
            for (int i = 0; i < values.Length; i++)
            {
                double exact = function == "rcp" ? 1 / values[i] : 1 / Math.Sqrt(values[i]);
                Assert.Equal(0ul, BitConverter.DoubleToUInt64Bits(results[i]) & 0xffff_ffff);
                Assert.True(double.IsNaN(exact) ? double.IsNaN(results[i])
                    : Math.Abs(results[i] - exact) <= Math.Abs(exact) * Math.ScaleB(1, -19));
            }
        }
    }

    private static float CanonicalNaN => BitConverter.UInt32BitsToSingle(0x7fff_ffff);

    private static double Reference(string function, double value) => function switch
    {
        "rcp" => 1 / value,
        "sqrt" => Math.Sqrt(value),
        "rsqrt" => 1 / Math.Sqrt(value),
        "sin" => Math.Sin(value),
        "cos" => Math.Cos(value),
        "ex2" => Math.Pow(2, value),
        "lg2" => Math.Log2(value),
        _ => Math.Tanh(value),
    };

    private static float Flush(float value) => float.IsSubnormal(value) ? MathF.CopySign(0, value) : value;

    private static void AssertClose(string function, float value, float expected, float actual)
    {
        string message = $"{function}({value}): expected {expected}, got {actual}";
        if (float.IsNaN(expected))
        {
            Assert.True(BitConverter.SingleToUInt32Bits(actual) == 0x7fff_ffff, message);
        }
        else if (!float.IsFinite(expected) || expected == 0)
        {
            Assert.True(BitConverter.SingleToUInt32Bits(actual) == BitConverter.SingleToUInt32Bits(expected), message);
        }
        else
        {
            Assert.True(Math.Abs((double)actual - expected) <= Math.BitIncrement(Math.Abs(expected)) - (double)Math.Abs(expected), message);
        }
    }
}
