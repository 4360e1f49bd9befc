namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Kernels for tests of the driver: each does one thing that a test can see.</summary>
internal static class TestPtx
{
    public const string Header = ".version 7.0\n.target sm_70\n.address_size 64\n";

    /// <summary>
    /// store(p, v): *p = v. bump(): counter++. nothing(). outside(): writes where nothing is. forever(p): runs until *p is not 0.
    /// limited(): .maxntid 64. exact(): .reqntid 32. mixed(...): parameters of many sizes. roomy(): 40 KiB of shared memory.
    /// </summary>
    public const string Module = Header + """
        .visible .global .align 4 .u32 counter = 7;
        .visible .global .align 8 .b8 table[1024];

        .visible .entry store(.param .u64 store_p, .param .u32 store_v)
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<2>;
            ld.param.u64 %rd1, [store_p];
            ld.param.u32 %r1, [store_v];
            st.global.u32 [%rd1], %r1;
            ret;
        }

        .visible .entry bump()
        {
            .reg .b32 %r<3>;
            ld.global.u32 %r1, [counter];
            add.u32 %r2, %r1, 1;
            st.global.u32 [counter], %r2;
            ret;
        }

        .visible .entry nothing()
        {
            ret;
        }

        .visible .entry outside()
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<2>;
            mov.u64 %rd1, 64;
            mov.u32 %r1, 1;
            st.global.u32 [%rd1], %r1;
            ret;
        }

        .visible .entry forever(.param .u64 forever_p)
        {
            .reg .pred %p<2>;
            .reg .b64 %rd<2>;
            .reg .b32 %r<2>;
            ld.param.u64 %rd1, [forever_p];
        again:
            ld.volatile.global.u32 %r1, [%rd1];
            setp.eq.u32 %p1, %r1, 0;
            @%p1 bra again;
            ret;
        }

        .visible .entry limited()
        .maxntid 64, 1, 1
        {
            ret;
        }

        .visible .entry exact()
        .reqntid 32, 1, 1
        {
            ret;
        }

        .visible .entry mixed(.param .u8 m0, .param .u16 m1, .param .u64 m2, .param .align 16 .b8 m3[20], .param .f32 m4)
        {
            ret;
        }

        .visible .entry roomy()
        {
            .shared .align 4 .b8 room[40960];
            .reg .b32 %r<2>;
            mov.u32 %r1, 0;
            st.shared.u32 [room], %r1;
            ret;
        }

        """;
}
