using System.Runtime.InteropServices;
using System.Text;
using CudaRpc.Simulator.Ptx.Execution;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>The text that printf of a device program makes: what C makes of the same arguments.</summary>
public sealed unsafe class PrintfTests
{
    [Theory]
    [InlineData("plain 100%%", "plain 100%")]
    [InlineData("%d|%5d|%-5d|%05d|%+d|% d", "-7|   42|42   |00042|+42| 42", -7, 42, 42, 42, 42, 42)]
    [InlineData("%u %x %X %#x %o %#o", "4294967295 ff FF 0xff 17 017", -1, 255, 255, 255, 15, 15)]
    [InlineData("%.3d|%8.3d|%-8.3d|%.0d|", "005|     005|005     ||", 5, 5, 5, 0)]
    [InlineData("%lld %llu %lx %zu", "-5 18446744073709551611 fffffffffffffffb 7", -5L, -5L, -5L, 7L)]
    [InlineData("%c%c%3c|", "hi  !|", 104, 105, 33)]
    [InlineData("%f %.2f %8.3f|%-8.1f|%08.2f", "1.500000 3.14    2.718|0.9     |-0001.50", 1.5, 3.14159, 2.71828, 0.95, -1.5)]
    [InlineData("%e %.2E %g %g %g %G", "1.500000e+00 1.50E-10 0.0001 1e-05 123457 1E+20", 1.5, 1.5e-10, 0.0001, 0.00001, 123456.789, 1e20)]
    [InlineData("%g %g %g %#g %.3g", "100000 1e+06 0.5 1.00000 3.14", 100000.0, 1000000.0, 0.5, 1.0, 3.14159)]
    [InlineData("%f %f %F %5.1f", "inf -inf INF  -nan", double.PositiveInfinity, double.NegativeInfinity, double.PositiveInfinity,
        double.NaN)]
    [InlineData("%a %.2a", "0x1.8p+0 0x1.00p-3", 1.5, 0.125)]
    [InlineData("%*d|%.*f|%-*d|", "   42|1.50|7    |", 5, 42, 2, 1.5, 5, 7)]
    [InlineData("%d %f %d", "1 2.500000 3", 1, 2.5, 3)]
    [InlineData("%p", "0x1234", 0x1234L)]
    [InlineData("%y", "%y")]
    [InlineData("end %", "end %")]
    public void Format_MakesWhatCMakes(string format, string expected, params object[] arguments) =>
        Assert.Equal(expected, Format(format, out _, arguments));

    [Fact]
    public void Strings_AreReadFromTheirAddresses()
    {
        Assert.Equal("[abc] [  abc] [ab   ] 9", Format("[%s] [%5s] [%-5.2s] %d", out int conversions, "abc", "abc", "abc", 9));
        Assert.Equal(4, conversions);
    }

    [Fact]
    public void WideFields_AreBounded()
    {
        Assert.InRange(Format("%2000000000d", out _, 1).Length, 1, 2000);
        Assert.InRange(Format("%.2000000000f", out _, 1.0).Length, 1, 2000);
    }

    [Fact]
    public void Vprintf_PrintsEveryThreadsLine()
    {
        const string Data = """
            .global .align 1 .b8 format[20] = {116, 37, 100, 32, 37, 46, 49, 102, 32, 37, 115, 10, 0};
            .global .align 1 .b8 word[4] = {119, 111, 119, 0};
            .extern .func (.param .b32 r) vprintf(.param .b64 a, .param .b64 b);
            """;
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p", """
            .local .align 8 .b8 depot[24];
            ld.param.u64 %rd1, [p];
            mov.u64 %rd2, depot;
            cvta.local.u64 %rd3, %rd2;
            mov.u32 %r1, %tid.x;
            st.local.u32 [depot], %r1;
            cvt.rn.f64.u32 %d1, %r1;
            st.local.f64 [depot+8], %d1;
            mov.u64 %rd4, word;
            st.local.u64 [depot+16], %rd4;
            mov.u64 %rd5, format;
            { .param .b64 a; .param .b64 b; .param .b32 r;
            st.param.b64 [a], %rd5; st.param.b64 [b], %rd3;
            call.uni (r), vprintf, (a, b);
            ld.param.b32 %r2, [r]; }
            red.global.add.u32 [%rd1], %r2;
            """, Data));
        ulong p = bench.Allocate([0]);
        var written = new StringWriter();
        TextWriter console = Console.Out;
        Console.SetOut(TextWriter.Synchronized(written));
        try
        {
            bench.Launch(1, 3, p);
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.Contains("t0 0.0 wow\nt1 1.0 wow\nt2 2.0 wow\n", written.ToString());
        Assert.Equal(9, bench.Read<int>(p, 1)[0]);
    }

    private static string Format(string format, out int conversions, params object[] arguments)
    {
        var bytes = new List<byte>();
        var strings = new List<string>();
        foreach (object argument in arguments)
        {
            byte[] value = argument switch
            {
                int number => BitConverter.GetBytes(number),
                long number => BitConverter.GetBytes(number),
                double number => BitConverter.GetBytes(number),
                _ => BitConverter.GetBytes((long)strings.Count),
            };
            if (argument is string word)
            {
                strings.Add(word);
            }

            bytes.AddRange(new byte[-bytes.Count & (value.Length - 1)]);
            bytes.AddRange(value);
        }

        var text = new StringBuilder();
        fixed (byte* start = CollectionsMarshal.AsSpan(bytes))
        {
            byte* memory = start;
            conversions = PrintfFormatter.Append(text, format, (offset, _) => memory + offset, address => strings[(int)address]);
        }

        return text.ToString();
    }
}
