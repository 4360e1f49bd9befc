namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>A binary floating-point format narrower than double.</summary>
/// <param name="Precision">Significant bits, the implicit one included.</param>
/// <param name="MinimumExponent">Exponent of the smallest normal number.</param>
/// <param name="Largest">Largest finite number.</param>
internal sealed record FloatFormat(int Precision, int MinimumExponent, double Largest)
{
    public static readonly FloatFormat Single = new(24, -126, float.MaxValue);

    public static readonly FloatFormat Half = new(11, -14, 65504);

    public static readonly FloatFormat BFloat16 = new(8, -126, 3.3895313892515355e38);

    /// <summary>
    /// Rounds to this format. Where <paramref name="value"/> is itself a rounded result it has to be rounded to odd
    /// (<see cref="ExactFloat.RoundToOdd"/>): then the outcome is that of rounding once.
    /// </summary>
    public double Round(double value, RoundingMode mode)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return value;
        }

        int exponent = Math.Max(Math.ILogB(value), MinimumExponent) - (Precision - 1);
        double rounded = Math.ScaleB(Integral(Math.ScaleB(value, -exponent), mode), exponent);
        if (Math.Abs(rounded) <= Largest)
        {
            return rounded;
        }

        bool towardsZero = mode == RoundingMode.Zero || mode == (value > 0 ? RoundingMode.Down : RoundingMode.Up);
        return towardsZero ? Math.CopySign(Largest, value) : value > 0 ? double.PositiveInfinity : double.NegativeInfinity;
    }

    /// <summary>Rounds to an integral value.</summary>
    public static double Integral(double value, RoundingMode mode) => mode switch
    {
        RoundingMode.Zero => Math.Truncate(value),
        RoundingMode.Down => Math.Floor(value),
        RoundingMode.Up => Math.Ceiling(value),
        _ => Math.Round(value, MidpointRounding.ToEven),
    };
}
