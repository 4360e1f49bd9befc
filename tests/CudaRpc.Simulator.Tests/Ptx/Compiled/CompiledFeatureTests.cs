using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Tests.Ptx.Compiled;

/// <summary>Whole kernels that use what the sample kernels do not, compiled plainly, for debugging and for other architectures.</summary>
public sealed class CompiledFeatureTests
{
    public static TheoryData<string, string> Targets => new()
    {
        { "70", "" },
        { "75", "-G" },
        { "80", "-lineinfo" },
        { "90", "--use_fast_math" },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public void Structures_ByValueAndIndexed(string architecture, string option)
    {
        using PtxBench bench = Compile("""
            struct Record { int a; float f[6]; double d; char c; long long q; };
            extern "C" __global__ void k(Record in, Record* out, int index)
            {
                Record mine = in;
                mine.f[index] += threadIdx.x;
                mine.c++;
                out[threadIdx.x] = mine;
                out[threadIdx.x].f[(index + 1) % 6] = in.f[index] * 2;
            }
            """, architecture, option);
        var record = new Record { A = 7, D = 2.5, C = 127, Q = -1L << 40 };
        for (int i = 0; i < 6; i++)
        {
            record[i] = i;
        }

        ulong target = bench.Allocate(40 * 56);
        bench.Launch("k", new(1, 1, 1, 40, 1, 1), MemoryMarshal.AsBytes([record]).ToArray(), target, 5);

        Record[] results = bench.Read<Record>(target, 40);
        for (int thread = 0; thread < 40; thread++)
        {
            Assert.Equal((7, 2.5, -128, -1L << 40), (results[thread].A, results[thread].D, results[thread].C, results[thread].Q));
            Assert.Equal([10, 1, 2, 3, 4, 5 + thread], Enumerable.Range(0, 6).Select(i => results[thread][i]));
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void GenericPointers_ToEverySpace(string architecture, string option)
    {
        using PtxBench bench = Compile("""
            __device__ int global_array[16];
            __constant__ int table[4] = {10, 20, 30, 40};
            __device__ int* pointer = global_array + 3;
            __device__ __noinline__ int touch(int* p, int i) { p[i] += 5; return p[i]; }
            extern "C" __global__ void k(int* out, int which)
            {
                __shared__ int tile[64];
                extern __shared__ double dynamic[];
                int mine[16];
                for (int i = 0; i < 16; i++) mine[i] = i * (int)threadIdx.x;
                tile[threadIdx.x] = threadIdx.x * 3;
                dynamic[threadIdx.x] = threadIdx.x * 0.5;
                __syncthreads();
                int* p = which == 0 ? tile + threadIdx.x : which == 1 ? mine : out + 64 + threadIdx.x;
                int r = touch(p, 0) + (int)dynamic[(threadIdx.x + 5) % blockDim.x] + table[threadIdx.x & 3] + mine[threadIdx.x & 15];
                if (threadIdx.x == 0) *pointer = r;
                __syncthreads();
                out[threadIdx.x] = r + (__isShared(p) ? 1000 : 0) + (__isGlobal(p) ? 2000 : 0) + (__isLocal(p) ? 4000 : 0);
            }
            """, architecture, option);
        for (int which = 0; which < 3; which++)
        {
            ulong target = bench.Allocate([.. Enumerable.Range(0, 128)]);
            bench.Launch("k", new(1, 1, 1, 64, 1, 1, DynamicSharedBytes: 512), target, which);
            Assert.Equal(
                Enumerable.Range(0, 64).Select(t =>
                {
                    int touched = which switch
                    {
                        0 => (t * 3) + 5,
                        1 => 5,
                        _ => 64 + t + 5,
                    };
                    int mine = which == 1 && (t & 15) == 0 ? 5 : (t & 15) * t;
                    int space = which switch
                    {
                        0 => 1000,
                        1 => 4000,
                        _ => 2000,
                    };
                    return touched + (int)((t + 5) % 64 * 0.5) + ((t & 3) + 1) * 10 + mine + space;
                }),
                bench.Read<int>(target, 64));
            Assert.True(bench.Module.TryGetGlobal("global_array", out ulong array, out _));
            Assert.Equal(bench.Read<int>(target, 1)[0] % 1000, bench.Read<int>(array + 12, 1)[0] % 1000);
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void WarpIntrinsics_AndBlockVotes(string architecture, string option)
    {
        using PtxBench bench = Compile("""
            extern "C" __global__ void k(const int* in, int* out)
            {
                int x = in[threadIdx.x], lane = threadIdx.x & 31, sum = x;
                for (int d = 16; d > 0; d >>= 1) sum += __shfl_xor_sync(~0u, sum, d);
                int scan = x;
                for (int d = 1; d < 32; d <<= 1) { int up = __shfl_up_sync(~0u, scan, d); if (lane >= d) scan += up; }
                double wide = __shfl_down_sync(~0u, (double)x, 1, 8);
                unsigned odd = __ballot_sync(~0u, x & 1);
                int same = __popc(__match_any_sync(~0u, x & 3));
                int half = 0;
                if (lane & 1) half = __shfl_sync(0xaaaaaaaau, x, 3); else half = -__shfl_sync(0x55555555u, x, 4);
                __syncwarp();
                int block = __syncthreads_count(x & 1) + 100 * __syncthreads_or(x == 77) + 1000 * __syncthreads_and(x >= 0);
                int* o = out + threadIdx.x * 7;
                o[0] = sum; o[1] = scan; o[2] = (int)wide; o[3] = odd; o[4] = same; o[5] = half; o[6] = block;
            }
            """, architecture, option);
        var random = new Random(3);
        int[] input = [.. Enumerable.Range(0, 96).Select(_ => random.Next(100))];
        ulong target = bench.Allocate(96 * 28);

        bench.Launch("k", new(1, 1, 1, 96, 1, 1), bench.Allocate(input), target);

        int[] results = bench.Read<int>(target, 96 * 7);
        for (int t = 0; t < 96; t++)
        {
            int[] warp = input[(t / 32 * 32)..((t / 32 * 32) + 32)];
            int lane = t % 32;
            int[] expected =
            [
                warp.Sum(),
                warp[..(lane + 1)].Sum(),
                lane % 8 < 7 ? warp[lane + 1] : warp[lane],
                (int)warp.Select((x, i) => (uint)(x & 1) << i).Aggregate((a, b) => a | b),
                warp.Count(x => (x & 3) == (warp[lane] & 3)),
                lane % 2 == 1 ? warp[3] : -warp[4],
                input.Count(x => x % 2 == 1) + (input.Contains(77) ? 100 : 0) + 1000,
            ];
            Assert.Equal(expected, results[(t * 7)..((t * 7) + 7)]);
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Atomics_OfAllKinds(string architecture, string option)
    {
        using PtxBench bench = Compile("""
            extern "C" __global__ void k(int* i, unsigned* u, unsigned long long* l, float* f, double* d)
            {
                __shared__ int count; __shared__ float total;
                if (threadIdx.x == 0) { count = 0; total = 0; }
                __syncthreads();
                int t = threadIdx.x + blockIdx.x * blockDim.x;
                atomicAdd(&count, 1); atomicAdd(&total, 0.5f);
                atomicAdd(i, t); atomicSub(i + 1, t); atomicMin(i + 2, -t); atomicMax(i + 3, t);
                atomicAnd(i + 4, ~(1 << (t & 31))); atomicOr(i + 5, 1 << (t & 15)); atomicXor(i + 6, 1 << (t & 3));
                atomicInc(u, 17); atomicDec(u + 1, 17); atomicExch(u + 2, 9u); atomicCAS(u + 3, 0u, 5u);
                atomicAdd(l, (unsigned long long)t << 30); atomicMax(l + 1, (unsigned long long)t << 33);
                atomicAdd(f, 0.25f); atomicAdd(d, 0.125);
                atomicAdd_system(i + 7, 1); atomicAdd_block(i + 8, 1);
                __threadfence(); __threadfence_block(); __threadfence_system();
                __syncthreads();
                if (threadIdx.x == 0) { atomicAdd(i + 9, count); atomicAdd(f + 1, total); }
            }
            """, architecture, option);
        ulong i = bench.Allocate([0, 0, 0, 0, -1, 0, 0, 0, 0, 0]);
        ulong u = bench.Allocate(16);
        ulong l = bench.Allocate(16);
        ulong f = bench.Allocate(8);
        ulong d = bench.Allocate(8);

        bench.Launch("k", new(8, 1, 1, 100, 1, 1), i, u, l, f, d);

        const int N = 800;
        const int Sum = N * (N - 1) / 2;
        Assert.Equal([Sum, -Sum, -(N - 1), N - 1, 0, 0xffff, 0, N, N, N], bench.Read<int>(i, 10));
        Assert.Equal([N % 18, (18 - (N % 18)) % 18, 9u, 5u], bench.Read<uint>(u, 4));
        Assert.Equal([(ulong)Sum << 30, (ulong)(N - 1) << 33], bench.Read<ulong>(l, 2));
        Assert.Equal([N * 0.25f, N * 0.5f], bench.Read<float>(f, 2));
        Assert.Equal([N * 0.125], bench.Read<double>(d, 1));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Control_CallsSwitchesAndGotos(string architecture, string option)
    {
        using PtxBench bench = Compile("""
            __device__ __noinline__ int collatz(int n) { int c = 0; while (n != 1) { n = n & 1 ? 3 * n + 1 : n / 2; c++; } return c; }
            __device__ __noinline__ void exchange(int* a, int* b) { int t = *a; *a = *b; *b = t; }
            extern "C" __global__ void k(int* out, int n)
            {
                int i = blockIdx.x * blockDim.x + threadIdx.x;
                if (i >= n) return;
                int r = collatz(i + 1), q = i;
                exchange(&r, &q);
                for (int a = 0; a < i % 7; a++)
                    for (int b = 0; b < i % 5; b++) { if (((a + b) ^ i) % 3 == 0) continue; if (a * b > 11) break; r += a * b; }
                switch (i % 11)
                {
                    case 0: r += 1; break;
                    case 1: r *= 3;
                    case 2: r -= 7; break;
                    case 5: r ^= 0x55; break;
                    case 7: r = -r; break;
                    case 8: r <<= 1; break;
                    case 9: r += 100; break;
                    default: r += q;
                }
                do { r -= 13; if (r % 17 == 3) goto done; } while (r > 0);
                r += 1000;
                done: out[i] = r;
            }
            """, architecture, option);
        ulong target = bench.Allocate(1000 * 4);

        bench.Launch("k", new(8, 1, 1, 128, 1, 1), target, 1000);

        Assert.Equal(Enumerable.Range(0, 1000).Select(Reference), bench.Read<int>(target, 1000));

        static int Reference(int i)
        {
            int q = 0;
            for (int n = i + 1; n != 1; q++)
            {
                n = n % 2 == 1 ? (3 * n) + 1 : n / 2;
            }

            int r = i;
            for (int a = 0; a < i % 7; a++)
            {
                for (int b = 0; b < i % 5; b++)
                {
                    if (((a + b) ^ i) % 3 == 0)
                    {
                        continue;
                    }

                    if (a * b > 11)
                    {
                        break;
                    }

                    r += a * b;
                }
            }

            r = (i % 11) switch
            {
                0 => r + 1,
                1 => (r * 3) - 7,
                2 => r - 7,
                5 => r ^ 0x55,
                7 => -r,
                8 => r << 1,
                9 => r + 100,
                _ => r + q,
            };
            do
            {
                r -= 13;
                if (r % 17 == 3)
                {
                    return r;
                }
            }
            while (r > 0);
            return r + 1000;
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Loads_OfVectorsAndNarrowTypes(string architecture, string option)
    {
        using PtxBench bench = Compile("""
            extern "C" __global__ void k(const unsigned char* c, const short* s, const float4* f, const double2* d, float* out)
            {
                int t = threadIdx.x;
                float4 v = __ldg(f + t);
                double2 z = __ldcg(d + t);
                char4 b = ((const char4*)c)[t];
                ushort2 h = ((const ushort2*)s)[t];
                __stcg(out + t, v.x + v.y * v.z - v.w + (float)(z.x - z.y) + b.x + b.y - b.z + b.w + h.x - h.y + c[t] + s[t]);
            }
            """, architecture, option);
        sbyte[] c = [.. Enumerable.Range(0, 128).Select(i => (sbyte)((i * 37) - 100))];
        short[] s = [.. Enumerable.Range(0, 64).Select(i => (short)((i * 1021) - 30000))];
        float[] f = [.. Enumerable.Range(0, 128).Select(i => (float)i)];
        double[] d = [.. Enumerable.Range(0, 64).Select(i => i * 0.5)];
        ulong target = bench.Allocate(128);

        bench.Launch("k", new(1, 1, 1, 32, 1, 1), bench.Allocate(c), bench.Allocate(s), bench.Allocate(f), bench.Allocate(d), target);

        Assert.Equal(
            Enumerable.Range(0, 32).Select(t => f[4 * t] + (f[(4 * t) + 1] * f[(4 * t) + 2]) - f[(4 * t) + 3]
                + (float)(d[2 * t] - d[(2 * t) + 1])
                + c[4 * t] + c[(4 * t) + 1] - c[(4 * t) + 2] + c[(4 * t) + 3] + (ushort)s[2 * t] - (ushort)s[(2 * t) + 1] + (byte)c[t]
                    + s[t]),
            bench.Read<float>(target, 32));
    }

    private static PtxBench Compile(string source, string architecture, string option) =>
        new(Nvrtc.Compile(source, architecture, option.Length == 0 ? [] : [option]));

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Record
    {
        public int A;
        private fixed float _f[6];
        public double D;
        public sbyte C;
        public long Q;

        public float this[int index]
        {
            readonly get => _f[index];
            set => _f[index] = value;
        }
    }
}
