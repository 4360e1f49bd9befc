using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>Branches, loops and calls, with threads of a warp going different ways.</summary>
public sealed class ControlTests
{
    [Fact]
    public void Loops_OfDifferentLength_Collatz()
    {
        uint[] results = Run(
            """
            add.u32 %r3, %r1, 1;
            mov.u32 %r2, 0;
            LOOP:
            setp.eq.u32 %p1, %r3, 1;
            @%p1 bra DONE;
            and.b32 %r4, %r3, 1;
            setp.eq.u32 %p2, %r4, 0;
            @%p2 bra EVEN;
            mad.lo.u32 %r3, %r3, 3, 1;
            bra NEXT;
            EVEN:
            shr.u32 %r3, %r3, 1;
            NEXT:
            add.u32 %r2, %r2, 1;
            bra LOOP;
            DONE:
            """,
            threads: 300);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => Collatz((uint)i + 1)), results);
    }

    [Fact]
    public void Loops_Nested_WithBreakAndContinue()
    {
        uint[] results = Run("""
            mov.u32 %r2, 0;
            mov.u32 %r3, 0;
            OUTER:
            setp.ge.u32 %p1, %r3, %r1;
            @%p1 bra END;
            mov.u32 %r4, 0;
            INNER:
            setp.ge.u32 %p2, %r4, 10;
            @%p2 bra NEXT;
            add.u32 %r5, %r3, %r4;
            add.u32 %r4, %r4, 1;
            rem.u32 %r6, %r5, 3;
            setp.eq.u32 %p3, %r6, 0;
            @%p3 bra INNER;
            add.u32 %r2, %r2, %r5;
            setp.gt.u32 %p4, %r2, 200;
            @%p4 bra END;
            bra INNER;
            NEXT:
            add.u32 %r3, %r3, 1;
            bra OUTER;
            END:
            """);
        Assert.Equal(Enumerable.Range(0, 64).Select(Reference), results);

        static uint Reference(int thread)
        {
            uint sum = 0;
            for (uint i = 0; i < thread; i++)
            {
                for (uint j = 0; j < 10; j++)
                {
                    if ((i + j) % 3 == 0)
                    {
                        continue;
                    }

                    sum += i + j;
                    if (sum > 200)
                    {
                        return sum;
                    }
                }
            }

            return sum;
        }
    }

    [Fact]
    public void Branches_BackwardIntoCodeBefore_MeetAgain()
    {
        // Blocks laid out against the order of execution.
        uint[] results = Run("""
            mov.u32 %r2, 0;
            bra C;
            A:
            add.u32 %r2, %r2, 1;
            bra D;
            B:
            add.u32 %r2, %r2, 10;
            bra A;
            C:
            and.b32 %r3, %r1, 1;
            setp.ne.u32 %p1, %r3, 0;
            @%p1 bra B;
            bra A;
            D:
            """);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => i % 2 == 1 ? 11u : 1), results);
    }

    [Fact]
    public void BrxIdx_JumpsByTable()
    {
        uint[] results = Run("""
            rem.u32 %r3, %r1, 3;
            mov.u32 %r2, 1000;
            TABLE: .branchtargets ZERO, ONE, TWO;
            @%p0 bra ZERO;
            brx.idx %r3, TABLE;
            ZERO:
            mov.u32 %r2, 5;
            bra.uni OUT;
            ONE:
            mov.u32 %r2, 6;
            TWO:
            add.u32 %r2, %r2, 7;
            OUT:
            """.Replace("@%p0 bra ZERO;", ""));
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (i % 3) switch
        {
            0 => 5u,
            1 => 13u,
            _ => 1007u,
        }), results);
    }

    [Fact]
    public void Guards_LeaveOtherThreadsAlone()
    {
        uint[] results = Run("""
            mov.u32 %r2, 7;
            setp.lt.u32 %p1, %r1, 40;
            @%p1 add.u32 %r2, %r2, %r1;
            @!%p1 mul.wide.u32 %rd10, %r1, 2;
            @!%p1 cvt.u32.u64 %r2, %rd10;
            setp.gt.and.u32 %p2, %r1, 50, !%p1;
            @%p2 setp.eq.u32 %p1, %r1, 60;
            @%p1 add.u32 %r2, %r2, 1000;
            """);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (uint)(i < 40 ? 1007 + i : i == 60 ? 1120 : 2 * i)), results);
    }

    [Fact]
    public void Calls_WithParametersResultsAndLocals()
    {
        const string Functions = """
            .func (.param .b32 result) twice(.param .b32 a)
            {
                .reg .b32 %r<4>;
                .local .align 4 .b8 keep[8];
                ld.param.b32 %r1, [a];
                st.local.b32 [keep+4], %r1;
                ld.local.b32 %r2, [keep+4];
                add.u32 %r2, %r2, %r2;
                st.param.b32 [result], %r2;
                ret;
            }
            .func (.reg .u32 total) sum(.reg .u32 a, .reg .u32 b)
            {
                .reg .pred %p<2>;
                add.u32 total, a, b;
                setp.gt.u32 %p1, total, 100;
                @%p1 ret;
                add.u32 total, total, 1;
            }
            .func (.param .b32 result) both(.param .align 4 .b8 pair[8])
            {
                .reg .b32 %r<6>;
                ld.param.v2.b32 {%r1, %r2}, [pair];
                { .param .b32 p; .param .b32 q; st.param.b32 [p], %r1; call.uni (q), twice, (p); ld.param.b32 %r3, [q]; }
                { .param .b32 p; .param .b32 q; st.param.b32 [p], %r2; call.uni (q), twice, (p); ld.param.b32 %r4, [q]; }
                sub.u32 %r5, %r3, %r4;
                st.param.b32 [result], %r5;
                ret;
            }
            """;
        uint[] results = Run(
            """
            mov.u32 %r2, 50;
            setp.lt.u32 %p1, %r1, 32;
            @%p1 call (%r2), sum, (%r1, 80);
            { .param .align 4 .b8 p[8]; .param .b32 q;
            st.param.b32 [p], %r2; st.param.b32 [p+4], %r1;
            call.uni (q), both, (p);
            ld.param.b32 %r2, [q]; }
            """,
            before: Functions);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (uint)(2 * (i >= 32 ? 50 : i + 80 > 100 ? i + 80 : i + 81) - 2 * i)), results);
    }

    private const string Pointed = """
        .func (.param .b32 result) twice(.param .b32 x)
        {
            .reg .b32 %r<3>;
            ld.param.b32 %r1, [x];
            add.u32 %r2, %r1, %r1;
            st.param.b32 [result], %r2;
            ret;
        }
        .func (.param .b32 result) square(.param .b32 x)
        {
            .reg .b32 %r<3>;
            ld.param.b32 %r1, [x];
            mul.lo.u32 %r2, %r1, %r1;
            st.param.b32 [result], %r2;
            ret;
        }
        .func (.param .b32 result) of_two(.param .b32 x, .param .b32 y)
        {
            st.param.b32 [result], 77;
            ret;
        }
        .global .align 8 .u64 table[3] = {twice, square, of_two};
        """;

    // Three ways to name a function: by a variable, by its name, not at all (lanes that do not call).
    [Fact]
    public void Call_OfAddresses_ReachesTheFunctionOfEachLane()
    {
        uint[] results = Run(
            """
            mov.u32 %r2, 9;
            and.b32 %r3, %r1, 1;
            setp.lt.u32 %p1, %r1, 60;
            mul.wide.u32 %rd10, %r3, 8;
            mov.u64 %rd11, table;
            add.u64 %rd11, %rd11, %rd10;
            ld.global.u64 %rd12, [%rd11];
            setp.lt.u32 %p2, %r1, 8;
            @%p2 mov.u64 %rd12, square;
            { .param .b32 p; .param .b32 q; st.param.b32 [p], %r1; st.param.b32 [q], %r2;
            shape: .callprototype (.param .b32 _) _ (.param .b32 _);
            @%p1 call (q), %rd12, (p), shape;
            ld.param.b32 %r2, [q]; }
            """,
            before: Pointed);
        Assert.Equal(Enumerable.Range(0, 64).Select(static i => (uint)(i >= 60 ? 9 : i < 8 || i % 2 == 1 ? i * i : 2 * i)), results);
    }

    [Theory]
    [InlineData("mov.u64 %rd12, 64;")]
    [InlineData("mov.u64 %rd12, of_two;")]
    public void Call_OfNoSuchFunction_IsAFault(string address)
    {
        DeviceFaultException fault = Assert.Throws<DeviceFaultException>(() => Run(
            address + """
            { .param .b32 p; .param .b32 q; st.param.b32 [p], %r1;
            shape: .callprototype (.param .b32 _) _ (.param .b32 _);
            call (q), %rd12, (p), shape; }
            """,
            before: Pointed));
        Assert.Equal(DeviceFaultKind.InvalidProgramCounter, fault.Kind);
    }

    [Fact]
    public void Registers_SharedByDistantUses_DoNotMix()
    {
        // Many values live across a loop in which others come and go.
        string set = string.Concat(Enumerable.Range(10, 40).Select(i => $"add.u32 %r{i}, %r1, {i};"));
        string sum = string.Concat(Enumerable.Range(10, 40).Select(i => $"add.u32 %r2, %r2, %r{i};"));
        uint[] results = Run(set + """
            mov.u32 %r2, 0;
            mov.u32 %r3, 0;
            LOOP:
            .reg .b32 t<9>;
            mul.lo.u32 %r4, %r3, %r3;
            add.u32 %r5, %r4, %r1;
            xor.b32 %r6, %r5, %r4;
            add.u32 %r2, %r2, %r6;
            add.u32 %r3, %r3, 1;
            setp.le.u32 %p1, %r3, %r1;
            @%p1 bra LOOP;
            """ + sum);
        Assert.Equal(Enumerable.Range(0, 64).Select(i =>
        {
            uint result = 0;
            for (uint k = 0; k <= i; k++)
            {
                result += ((k * k) + (uint)i) ^ (k * k);
            }

            return result + (uint)Enumerable.Range(10, 40).Sum(j => i + j);
        }), results);
    }

    [Fact]
    public void SpecialRegisters_DescribeTheLaunch()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", """
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            mad.lo.u32 %r1, %tid.y, %ntid.x, %r1;
            mul.lo.u32 %r2, %ntid.x, %ntid.y;
            mad.lo.u32 %r1, %tid.z, %r2, %r1;
            mul.lo.u32 %r2, %r2, %ntid.z;
            mad.lo.u32 %r3, %ctaid.y, %nctaid.x, %ctaid.x;
            mul.lo.u32 %r4, %nctaid.x, %nctaid.y;
            mad.lo.u32 %r3, %ctaid.z, %r4, %r3;
            mad.lo.u32 %r1, %r3, %r2, %r1;
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd1, %rd1, %rd2;
            mov.u32 %r5, %warpid;
            mad.lo.u32 %r5, %r5, 32, %laneid;
            shl.b32 %r6, %r3, 16;
            or.b32 %r5, %r5, %r6;
            st.global.u32 [%rd1], %r5;
            """));
        ulong target = bench.Allocate(2 * 3 * 4 * 5 * 7 * 3 * 4);

        bench.Launch("k", new(2, 3, 4, 5, 7, 3), target);

        Assert.Equal(
            Enumerable.Range(0, 24).SelectMany(block => Enumerable.Range(0, 105).Select(thread => (block << 16) | thread)),
            bench.Read<int>(target, 24 * 105));
    }

    private static uint Collatz(uint n)
    {
        uint steps = 0;
        while (n != 1)
        {
            n = n % 2 == 0 ? n / 2 : 3 * n + 1;
            steps++;
        }

        return steps;
    }

    // %r1 is the thread, %r2 the result.
    private static uint[] Run(string code, int threads = 64, string before = "")
    {
        using var bench = new PtxBench(PtxBench.Kernel(
            ".param .u64 out",
            $$"""
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            {{code}}
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd1, %rd1, %rd2;
            st.global.u32 [%rd1], %r2;
            """,
            before));
        ulong target = bench.Allocate(threads * 4);
        bench.Launch(1, (uint)threads, target);
        return bench.Read<uint>(target, threads);
    }
}
