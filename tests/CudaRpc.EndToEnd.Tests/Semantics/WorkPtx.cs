using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>Kernels whose results depend on order and on time.</summary>
internal static class WorkPtx
{
    /// <summary>
    /// affine(p, a, b): *p = *p * a + b, so that the order of several shows in the result. forever(p): runs until *p is not 0. outside(): writes
    /// where nothing is. nothing().
    /// </summary>
    public const string Text = """
        .version 7.0
        .target sm_70
        .address_size 64

        .visible .entry affine(.param .u64 affine_p, .param .u32 affine_a, .param .u32 affine_b)
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<5>;
            ld.param.u64 %rd1, [affine_p];
            ld.param.u32 %r1, [affine_a];
            ld.param.u32 %r2, [affine_b];
            ld.global.u32 %r3, [%rd1];
            mad.lo.u32 %r4, %r3, %r1, %r2;
            st.global.u32 [%rd1], %r4;
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

        .visible .entry outside()
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<2>;
            mov.u64 %rd1, 64;
            mov.u32 %r1, 1;
            st.global.u32 [%rd1], %r1;
            ret;
        }

        .visible .entry nothing()
        {
            ret;
        }

        """;

    public static CUresult Affine(this CudaDriver driver, CUfunction affine, CUdeviceptr value, uint factor, uint addend, CUstream stream)
    {
        Span<byte> packed = stackalloc byte[16];
        BitConverter.TryWriteBytes(packed, value.Value);
        BitConverter.TryWriteBytes(packed[8..], factor);
        BitConverter.TryWriteBytes(packed[12..], addend);
        return driver.Launch(affine, packed, stream);
    }

    public static CUresult Forever(this CudaDriver driver, CUfunction forever, CUdeviceptr flag, CUstream stream) =>
        driver.Launch(forever, BitConverter.GetBytes(flag.Value), stream);
}
