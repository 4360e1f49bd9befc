using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>Runs one instruction for many operands: one thread for each.</summary>
internal static unsafe class OperationBench
{
    /// <summary>
    /// Runs <paramref name="code"/> with $a, $b and $c for the operands and $d for the result, all registers. It is executed twice, once by
    /// whole warps and once by the even and the odd threads apart: both have to give the same.
    /// </summary>
    public static TD[] Run<TA, TB, TC, TD>(string code, TA[] a, TB[] b, TC[] c)
        where TA : unmanaged
        where TB : unmanaged
        where TC : unmanaged
        where TD : unmanaged
    {
        code = code.Replace("$a", Name<TA>('1')).Replace("$b", Name<TB>('2')).Replace("$c", Name<TC>('3')).Replace("$d", Name<TD>('4'));
        using var bench = new PtxBench(PtxBench.Kernel(
            ".param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d, .param .u64 e, .param .u32 n",
            $$"""
            ld.param.u64 %rd50, [a];
            ld.param.u64 %rd51, [b];
            ld.param.u64 %rd52, [c];
            ld.param.u64 %rd53, [d];
            ld.param.u64 %rd54, [e];
            ld.param.u32 %r50, [n];
            mov.u32 %r51, %ctaid.x;
            mov.u32 %r52, %ntid.x;
            mov.u32 %r53, %tid.x;
            mad.lo.u32 %r54, %r51, %r52, %r53;
            setp.ge.u32 %p19, %r54, %r50;
            @%p19 bra DONE;
            mad.wide.u32 %rd50, %r54, {{sizeof(TA)}}, %rd50;
            mad.wide.u32 %rd51, %r54, {{sizeof(TB)}}, %rd51;
            mad.wide.u32 %rd52, %r54, {{sizeof(TC)}}, %rd52;
            mad.wide.u32 %rd53, %r54, {{sizeof(TD)}}, %rd53;
            mad.wide.u32 %rd54, %r54, {{sizeof(TD)}}, %rd54;
            ld.global.b{{8 * sizeof(TA)}} {{Name<TA>('1')}}, [%rd50];
            ld.global.b{{8 * sizeof(TB)}} {{Name<TB>('2')}}, [%rd51];
            ld.global.b{{8 * sizeof(TC)}} {{Name<TC>('3')}}, [%rd52];
            { {{code}} }
            st.global.b{{8 * sizeof(TD)}} [%rd53], {{Name<TD>('4')}};
            and.b32 %r55, %r54, 1;
            setp.eq.u32 %p18, %r55, 0;
            @%p18 bra EVEN;
            { {{code}} }
            st.global.b{{8 * sizeof(TD)}} [%rd54], {{Name<TD>('4')}};
            bra DONE;
            EVEN:
            { {{code}} }
            st.global.b{{8 * sizeof(TD)}} [%rd54], {{Name<TD>('4')}};
            DONE:
            """));
        int count = a.Length;
        ulong whole = bench.Allocate(count * sizeof(TD));
        ulong apart = bench.Allocate(count * sizeof(TD));
        bench.Launch(
            (uint)(count + 127) / 128, 128, bench.Allocate(a), bench.Allocate(b), bench.Allocate(c), whole, apart, count);
        TD[] results = bench.Read<TD>(whole, count);
        Assert.Equal(bench.Read<byte>(whole, count * sizeof(TD)), bench.Read<byte>(apart, count * sizeof(TD)));
        return results;
    }

    /// <summary>Compares the instruction with <paramref name="reference"/>, bit by bit, for the given operands.</summary>
    public static void Check<TA, TB, TC, TD>(string code, TA[] a, TB[] b, TC[] c, Func<TA, TB, TC, TD> reference)
        where TA : unmanaged
        where TB : unmanaged
        where TC : unmanaged
        where TD : unmanaged
    {
        TD[] results = Run<TA, TB, TC, TD>(code, a, b, c);
        for (int i = 0; i < results.Length; i++)
        {
            TD expected = reference(a[i], b[i], c[i]);
            Assert.True(
                Bits(expected) == Bits(results[i]),
                $"{code}: a {a[i]} (0x{Bits(a[i]):x}), b {b[i]} (0x{Bits(b[i]):x}), c {c[i]} (0x{Bits(c[i]):x}): "
                + $"expected {expected} (0x{Bits(expected):x}), got {results[i]} (0x{Bits(results[i]):x})");
        }
    }

    /// <summary>For one operand: all edge values and many random ones.</summary>
    public static void Check<TA, TD>(string code, Func<TA, TD> reference)
        where TA : unmanaged
        where TD : unmanaged
    {
        TA[] a = [.. EdgeValues.Of<TA>(), .. EdgeValues.Random<TA>(1000, 1)];
        Check(code, a, a, a, (x, _, _) => reference(x));
    }

    /// <summary>For two operands: all pairs of edge values and many random ones.</summary>
    public static void Check<TA, TB, TD>(string code, Func<TA, TB, TD> reference)
        where TA : unmanaged
        where TB : unmanaged
        where TD : unmanaged
    {
        (TA[] a, TB[] b) = EdgeValues.Pairs<TA, TB>(1000);
        Check(code, a, b, b, (x, y, _) => reference(x, y));
    }

    /// <summary>For three operands: edge values and random ones, mixed.</summary>
    public static void Check<TA, TB, TC, TD>(string code, Func<TA, TB, TC, TD> reference)
        where TA : unmanaged
        where TB : unmanaged
        where TC : unmanaged
        where TD : unmanaged
    {
        Check(code, EdgeValues.Mixed<TA>(4000, 1), EdgeValues.Mixed<TB>(4000, 2), EdgeValues.Mixed<TC>(4000, 3), reference);
    }

    public static ulong Bits<T>(T value)
        where T : unmanaged => sizeof(T) switch
        {
            2 => *(ushort*)&value,
            4 => *(uint*)&value,
            8 => *(ulong*)&value,
            _ => throw new NotSupportedException(),
        };

    private static string Name<T>(char number)
        where T : unmanaged => (sizeof(T) switch
        {
            2 => "%h",
            4 => "%r",
            _ => "%rd",
        }) + number;
}
