namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Parts of a program for tests of the linker: each of two texts needs the other.</summary>
internal static class LinkPtx
{
    /// <summary>run(out): *out = scale(factor) + hidden; factor and scale are in <see cref="Library"/>, hidden is this text's own.</summary>
    public const string Main = TestPtx.Header + """
        .extern .global .align 4 .u32 factor;
        .global .align 4 .u32 hidden = 1000;
        .extern .func (.param .b32 r) scale (.param .b32 x);

        .visible .entry run(.param .u64 run_out)
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<6>;
            ld.param.u64 %rd1, [run_out];
            ld.global.u32 %r1, [factor];
            {
                .param .b32 param0;
                .param .b32 retval0;
                st.param.b32 [param0], %r1;
                call.uni (retval0), scale, (param0);
                ld.param.b32 %r2, [retval0];
            }
            ld.global.u32 %r3, [hidden];
            add.u32 %r4, %r2, %r3;
            st.global.u32 [%rd1], %r4;
            ret;
        }

        """;

    /// <summary>scale(x) = 3 x + hidden, where hidden is not <see cref="Main"/>'s.</summary>
    public const string Library = TestPtx.Header + """
        .visible .global .align 4 .u32 factor = 14;
        .global .align 4 .u32 hidden = 100;
        .global .align 8 .u64 where = generic(hidden);

        .visible .func (.param .b32 r) scale (.param .b32 x)
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<4>;
            ld.param.b32 %r1, [x];
            ld.global.u64 %rd1, [where];
            ld.u32 %r2, [%rd1];
            mad.lo.u32 %r3, %r1, 3, %r2;
            st.param.b32 [r], %r3;
            ret;
        }

        """;

    /// <summary>What run writes.</summary>
    public const uint Result = (3 * 14) + 100 + 1000;
}
