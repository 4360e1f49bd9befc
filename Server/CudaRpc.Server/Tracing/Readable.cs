using System.Globalization;
using System.Text;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Figures and names of a trace as people read them.</summary>
internal static class Readable
{
    // A name that is longer was not meant to be read.
    private const int LongestName = 200;

    /// <summary>Nanoseconds in the unit that gives three digits.</summary>
    public static string Time(long nanoseconds) => nanoseconds switch
    {
        < 1_000 => $"{nanoseconds} ns",
        < 1_000_000 => $"{Digits(nanoseconds / 1e3)} us",
        < 1_000_000_000 => $"{Digits(nanoseconds / 1e6)} ms",
        _ => $"{Digits(nanoseconds / 1e9)} s",
    };

    public static string Bytes(long bytes) => bytes switch
    {
        < 1_000 => $"{bytes} B",
        < 1_000_000 => $"{Digits(bytes / 1e3)} kB",
        < 1_000_000_000 => $"{Digits(bytes / 1e6)} MB",
        _ => $"{Digits(bytes / 1e9)} GB",
    };

    public static string Share(long part, long whole) =>
        whole <= 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / whole:F1} %");

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Count(long count, string one, string many) => $"{Count(count)} {(count == 1 ? one : many)}";

    public static string Class(TraceClass answered) => answered switch
    {
        TraceClass.Local => "local",
        TraceClass.Posted => "posted",
        TraceClass.Synchronous => "synchronous",
        TraceClass.Blocking => "blocking",
        _ => "unknown",
    };

    /// <summary>A thread for people: its name and number.</summary>
    public static string Thread(string name, int id) => name.Length == 0 ? id.ToString(CultureInfo.InvariantCulture)
        : $"{Clean(name)} ({id})";

    /// <summary>
    /// A text out of a file, without what would act on a terminal, break a line or turn the text around. Still to be escaped for where it
    /// goes.
    /// </summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, LongestName));
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (clean.Length >= LongestName)
            {
                clean.Append('…');
                break;
            }

            bool acts = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
                    or UnicodeCategory.Surrogate;
            clean.Append(acts ? "\uFFFD" : rune.ToString());
        }

        return clean.ToString();
    }

    /// <summary>A clean text, cut to what fits beside a chart.</summary>
    public static string Short(string clean)
    {
        const int Longest = 36;
        // Half of a pair would be no text.
        int length = char.IsHighSurrogate(clean.ElementAtOrDefault(Longest - 2)) ? Longest - 2 : Longest - 1;
        return clean.Length <= Longest ? clean : $"{clean.AsSpan(0, length)}…";
    }

    private static string Digits(double value) =>
        value.ToString(value < 10 ? "F2" : value < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);
}
