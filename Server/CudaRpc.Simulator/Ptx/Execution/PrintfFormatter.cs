using System.Globalization;
using System.Text;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>C's printf over arguments in memory, each aligned to its size, as vprintf of a device program gets them.</summary>
internal static unsafe class PrintfFormatter
{
    // Wider fields are cut: a device program must not make the server allocate without bound.
    private const int WidestField = 1024;

    /// <summary>Where an argument of some bytes at some offset is.</summary>
    public delegate byte* ArgumentReader(uint offset, uint bytes);

    /// <summary>Appends the text and returns the number of conversions in <paramref name="format"/>.</summary>
    public static int Append(StringBuilder text, string format, ArgumentReader read, Func<ulong, string> readString)
    {
        uint offset = 0;
        ulong Next(uint bytes)
        {
            offset = (offset + bytes - 1) & ~(bytes - 1);
            byte* pointer = read(offset, bytes);
            offset += bytes;
            return bytes == 4 ? *(uint*)pointer : *(ulong*)pointer;
        }

        int conversions = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            i++;
            if (format[i] == '%')
            {
                text.Append('%');
                continue;
            }

            var field = new Field();
            field.Parse(format, ref i, () => (int)Next(4));
            if (i == format.Length)
            {
                break;
            }

            conversions++;
            text.Append(field.Pad(Convert(field, format[i], Next, readString), format[i]));
        }

        return conversions;
    }

    private static string Convert(Field field, char conversion, Func<uint, ulong> next, Func<ulong, string> readString)
    {
        switch (conversion)
        {
            case 'd' or 'i':
                ulong signed = next(field.IsLong ? 8u : 4u);
                long value = field.IsLong ? (long)signed : (int)signed;
                return field.Sign(value < 0) + field.Digits(UnsignedAbs(value).ToString(CultureInfo.InvariantCulture));
            case 'u':
                return field.Digits(next(field.IsLong ? 8u : 4u).ToString(CultureInfo.InvariantCulture));
            case 'x':
                return Prefixed(field, "0x", next(field.IsLong ? 8u : 4u), value => value.ToString("x", CultureInfo.InvariantCulture));
            case 'X':
                return Prefixed(field, "0X", next(field.IsLong ? 8u : 4u), value => value.ToString("X", CultureInfo.InvariantCulture));
            case 'o':
                return Prefixed(field, "0", next(field.IsLong ? 8u : 4u), Octal);
            case 'c':
                return ((char)(byte)next(4)).ToString();
            case 's':
                string text = readString(next(8));
                return field.Precision >= 0 && field.Precision < text.Length ? text[..field.Precision] : text;
            case 'p':
                return "0x" + next(8).ToString("x", CultureInfo.InvariantCulture);
            case 'f' or 'F' or 'e' or 'E' or 'g' or 'G' or 'a' or 'A':
                return FloatText(field, conversion, BitConverter.UInt64BitsToDouble(next(8)));
            default:
                return "%" + conversion;
        }
    }

    private static ulong UnsignedAbs(long value) => value < 0 ? 0 - (ulong)value : (ulong)value;

    private static string Prefixed(Field field, string prefix, ulong value, Func<ulong, string> digits) =>
        (field.Alternate && value != 0 ? prefix : "") + field.Digits(digits(value));

    private static string Octal(ulong value)
    {
        var digits = new StringBuilder();
        do
        {
            digits.Insert(0, (char)('0' + (int)(value & 7)));
            value >>= 3;
        }
        while (value != 0);
        return digits.ToString();
    }

    private static string FloatText(Field field, char conversion, double value)
    {
        string sign = field.Sign(double.IsNegative(value));
        bool upper = char.IsAsciiLetterUpper(conversion);
        if (!double.IsFinite(value))
        {
            string word = double.IsNaN(value) ? "nan" : "inf";
            return sign + (upper ? word.ToUpperInvariant() : word);
        }

        int precision = field.Precision < 0 ? 6 : Math.Min(field.Precision, WidestField);
        double magnitude = Math.Abs(value);
        string text = char.ToLowerInvariant(conversion) switch
        {
            'f' => magnitude.ToString("F" + precision, CultureInfo.InvariantCulture),
            'e' => Exponential(magnitude, precision),
            'g' => General(magnitude, Math.Max(precision, 1), field.Alternate),
            _ => Hexadecimal(magnitude, field.Precision),
        };
        return sign + (upper ? text.ToUpperInvariant() : text);
    }

    // .NET writes three digits of exponent at least, C two.
    private static string Exponential(double value, int precision)
    {
        string text = value.ToString("e" + precision, CultureInfo.InvariantCulture);
        int digits = text.IndexOf('e') + 2;
        return text[..digits] + text[digits..].TrimStart('0').PadLeft(2, '0');
    }

    private static string General(double value, int precision, bool alternate)
    {
        string exponential = Exponential(value, precision - 1);
        ReadOnlySpan<char> digits = exponential.AsSpan(exponential.IndexOf('e') + 1);
        int exponent = int.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        bool useFixed = exponent >= -4 && exponent < precision;
        string text = useFixed ? value.ToString("F" + (precision - 1 - exponent), CultureInfo.InvariantCulture) : exponential;
        if (alternate || !text.Contains('.'))
        {
            return text;
        }

        int end = useFixed ? text.Length : text.IndexOf('e');
        return text[..end].TrimEnd('0').TrimEnd('.') + text[end..];
    }

    private static string Hexadecimal(double value, int precision)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int exponent = (int)(bits >> 52);
        ulong fraction = bits & 0xf_ffff_ffff_ffff;
        ulong lead = exponent == 0 ? 0u : 1u;
        if (precision is >= 0 and < 13)
        {
            int drop = 52 - 4 * precision;
            ulong whole = (lead << 52) | fraction;
            ulong half = 1UL << (drop - 1);
            ulong rest = whole & ((1UL << drop) - 1);
            whole >>= drop;
            whole += rest > half || (rest == half && (whole & 1) != 0) ? 1u : 0;
            lead = whole >> (4 * precision);
            fraction = whole & ((1UL << (4 * precision)) - 1);
        }

        int digits = precision is >= 0 and < 13 ? precision : 13;
        string text = digits == 0 ? "" : fraction.ToString("x" + digits, CultureInfo.InvariantCulture);
        text = precision < 0 ? text.TrimEnd('0') : text.PadRight(Math.Min(precision, WidestField), '0');
        int power = value == 0 ? 0 : Math.Max(exponent, 1) - 1023;
        return $"0x{lead}{(text.Length == 0 ? "" : ".")}{text}p{(power < 0 ? "-" : "+")}{Math.Abs(power)}";
    }

    /// <summary>Flags, width, precision and length of one conversion.</summary>
    private struct Field
    {
        private bool _left;
        private bool _plus;
        private bool _space;
        private bool _zero;
        private int _width;

        public Field()
        {
        }

        public bool Alternate { get; private set; }

        public int Precision { get; private set; } = -1;

        public bool IsLong { get; private set; }

        public void Parse(string format, ref int i, Func<int> nextInt)
        {
            for (; i < format.Length && "-+ #0".Contains(format[i]); i++)
            {
                _left |= format[i] == '-';
                _plus |= format[i] == '+';
                _space |= format[i] == ' ';
                Alternate |= format[i] == '#';
                _zero |= format[i] == '0';
            }

            _width = Number(format, ref i, nextInt);
            if (_width < 0)
            {
                _left = true;
                _width = -_width;
            }

            if (i < format.Length && format[i] == '.')
            {
                i++;
                Precision = Number(format, ref i, nextInt);
            }

            for (; i < format.Length && "hlLqjzt".Contains(format[i]); i++)
            {
                IsLong |= format[i] != 'h';
            }
        }

        public readonly string Sign(bool negative) => negative ? "-" : _plus ? "+" : _space ? " " : "";

        public readonly string Digits(string digits) =>
            Precision == 0 && digits == "0" ? "" : digits.PadLeft(Math.Min(Math.Max(Precision, 0), WidestField), '0');

        public readonly string Pad(string text, char conversion)
        {
            int width = Math.Min(_width, WidestField);
            if (_left || text.Length >= width)
            {
                return text.PadRight(width);
            }

            bool isFloat = "fFeEgGaA".Contains(conversion);
            bool zeros = _zero && (isFloat ? char.IsAsciiDigit(text[^1]) : Precision < 0 && "diuxXo".Contains(conversion));
            if (!zeros)
            {
                return text.PadLeft(width);
            }

            int prefix = text[0] is '-' or '+' or ' ' ? 1 : 0;
            prefix += text.AsSpan(prefix).StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? 2 : 0;
            return text[..prefix] + text[prefix..].PadLeft(width - prefix, '0');
        }

        private static int Number(string format, ref int i, Func<int> nextInt)
        {
            if (i < format.Length && format[i] == '*')
            {
                i++;
                return nextInt();
            }

            int value = 0;
            for (; i < format.Length && char.IsAsciiDigit(format[i]); i++)
            {
                value = Math.Min(value * 10 + (format[i] - '0'), 1 << 20);
            }

            return value;
        }
    }
}
