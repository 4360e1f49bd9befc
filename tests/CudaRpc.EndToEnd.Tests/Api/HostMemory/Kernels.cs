namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>Kernels of one thread each, that a test can follow.</summary>
internal static class Kernels
{
    /// <summary>
    /// add(p, count, stride, value): adds value to count bytes, stride bytes apart. move(to, from): *to = *from, 4 bytes. chain(node): a node
    /// is a pointer to the next one and a number; adds 1 to the number of each.
    /// </summary>
    public const string Ptx = """
        .version 7.0
        .target sm_70
        .address_size 64

        .visible .global .attribute(.managed) .align 4 .u32 shared = 41;

        .visible .entry add(.param .u64 add_p, .param .u32 add_n, .param .u32 add_s, .param .u32 add_v)
        {
            .reg .pred %p<2>;
            .reg .b64 %rd<4>;
            .reg .b32 %r<7>;
            ld.param.u64 %rd1, [add_p];
            ld.param.u32 %r1, [add_n];
            ld.param.u32 %r2, [add_s];
            ld.param.u32 %r3, [add_v];
            cvt.u64.u32 %rd2, %r2;
        again:
            setp.eq.u32 %p1, %r1, 0;
            @%p1 bra done;
            ld.global.u8 %r4, [%rd1];
            add.u32 %r5, %r4, %r3;
            st.global.u8 [%rd1], %r5;
            add.u64 %rd1, %rd1, %rd2;
            sub.u32 %r1, %r1, 1;
            bra again;
        done:
            ret;
        }

        .visible .entry move(.param .u64 move_to, .param .u64 move_from)
        {
            .reg .b64 %rd<3>;
            .reg .b32 %r<2>;
            ld.param.u64 %rd1, [move_to];
            ld.param.u64 %rd2, [move_from];
            ld.global.u32 %r1, [%rd2];
            st.global.u32 [%rd1], %r1;
            ret;
        }

        .visible .entry chain(.param .u64 chain_node)
        {
            .reg .pred %p<2>;
            .reg .b64 %rd<3>;
            .reg .b32 %r<3>;
            ld.param.u64 %rd1, [chain_node];
        again:
            setp.eq.u64 %p1, %rd1, 0;
            @%p1 bra done;
            ld.global.u32 %r1, [%rd1+8];
            add.u32 %r2, %r1, 1;
            st.global.u32 [%rd1+8], %r2;
            ld.global.u64 %rd1, [%rd1];
            bra again;
        done:
            ret;
        }

        """;
}
