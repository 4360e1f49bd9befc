using System.Numerics;

namespace CudaRpc.Simulator.Tests.Ptx.Compiled;

/// <summary>Integer expressions as NVIDIA's compiler makes them.</summary>
public sealed class CompiledIntegerTests
{
    private static readonly (string Expression, Func<int, int, int, long> Reference)[] s_rows =
    [
        ("(i64)(x / (y | 1))", (x, y, _) => unchecked((long)x / (y | 1)) is var q && q == 2147483648L ? int.MinValue : (long)x / (y | 1)),
        ("(i64)((u32)x / (u32)(y | 1))", (x, y, _) => (uint)x / (uint)(y | 1)),
        ("(i64)((u32)x % (u32)(y | 1))", (x, y, _) => (uint)x % (uint)(y | 1)),
        ("(i64)(x % 7 + y / 13)", (x, y, _) => (x % 7) + (y / 13)),
        ("((i64)x << 20 ^ y) / (((i64)y << 9 ^ z) | 1)", (x, y, z) => (((long)x << 20) ^ y) / ((((long)y << 9) ^ z) | 1)),
        ("(i64)((u64)((i64)x << 20 ^ y) % ((u64)((i64)y << 9 ^ z) | 1))",
            (x, y, z) => (long)((ulong)(((long)x << 20) ^ y) % ((ulong)(((long)y << 9) ^ z) | 1))),
        ("(i64)((u64)((i64)x << 20 ^ y) / 1000003ull)", (x, y, _) => (long)((ulong)(((long)x << 20) ^ y) / 1000003)),
        ("(i64)(short)((short)x * (short)y)", (x, y, _) => (short)((short)x * (short)y)),
        ("(i64)(signed char)x * (unsigned char)y", (x, y, _) => (sbyte)x * (long)(byte)y),
        ("(i64)(short)x / ((short)y | 1)", (x, y, _) => (short)x / (long)((short)y | 1)),
        ("(i64)(x << (y & 31)) + (x >> (z & 31))", (x, y, z) => (long)(x << (y & 31)) + (x >> (z & 31))),
        ("((i64)x << (y & 63)) + (i64)((u64)(i64)x >> (z & 63))", (x, y, z) => ((long)x << (y & 63)) + (long)((ulong)(long)x >> (z & 63))),
        ("(i64)__popc(x) + __popcll((i64)x * y)", (x, y, _) => BitOperations.PopCount((uint)x)
            + BitOperations.PopCount((ulong)((long)x * y))),
        ("(i64)__clz(x) + __clzll((i64)x)", (x, _, _) => BitOperations.LeadingZeroCount((uint)x)
            + BitOperations.LeadingZeroCount((ulong)(long)x)),
        ("(i64)__ffs(x) + __ffsll((i64)y << 20)", (x, y, _) => First((ulong)(uint)x) + First((ulong)((long)y << 20))),
        ("(i64)__mulhi(x, y) + __umulhi(x, y)", (x, y, _) => (int)(((long)x * y) >> 32) + (uint)(((ulong)(uint)x * (uint)y) >> 32)),
        ("__mul64hi((i64)x << 20, (i64)y << 30)", (x, y, z) => Math.BigMul((long)x << 20, (long)y << 30, out long _)),
        ("(i64)__byte_perm(x, y, z)", (x, y, z) => (uint)Permute((uint)x, (uint)y, (uint)z)),
        ("(i64)__funnelshift_l(x, y, z)", (x, y, z) => (uint)(((((ulong)(uint)y << 32) | (uint)x) << (z & 31)) >> 32)),
        ("(i64)__sad(x, y, z)", (x, y, z) => (uint)((long)z + Math.Abs((long)x - y))),
        ("(i64)min(x, y) + max((u32)x, (u32)z)", (x, y, z) => Math.Min(x, y) + (long)Math.Max((uint)x, (uint)z)),
        ("(i64)abs(x / 2) + llabs((i64)y * z)", (x, y, z) => Math.Abs(x / 2) + Math.Abs((long)y * z)),
        ("(i64)__hadd(x, y)", (x, y, _) => ((long)x + y) >> 1),
        ("(i64)__vadd4(x, y)", (x, y, _) => ByBytes(x, y, (a, b) => a + b)),
        ("(i64)__vabsdiffu4(x, y)", (x, y, _) => ByBytes(x, y, (a, b) => Math.Abs(a - b))),
        ("(i64)__vmaxu4(x, y)", (x, y, _) => ByBytes(x, y, Math.Max)),
        ("(i64)__vcmpgtu4(x, y)", (x, y, _) => ByBytes(x, y, (a, b) => a > b ? 255 : 0)),
        ("(i64)__vsadu4(x, y)", (x, y, _) => Enumerable.Range(0, 4).Sum(i => Math.Abs((byte)(x >> (8 * i)) - (byte)(y >> (8 * i))))),
        ("(i64)__dp4a(x, y, z)", (x, y, z) => (int)(z + Enumerable.Range(0, 4).Sum(i =>
            (long)(sbyte)(x >> (8 * i)) * (sbyte)(y >> (8 * i))))),
        ("(i64)((x & y) | (~x & z)) + ((x ^ y) & -z)", (x, y, z) => (long)((x & y) | (~x & z)) + ((x ^ y) & -z)),
        ("(i64)((x > y && y < z) || x == z ? x : y)", (x, y, z) => (x > y && y < z) || x == z ? x : y),
        ("(i64)(float)((i64)x * y)", (x, y, _) => (long)(float)((long)x * y)),
    ];

    private static readonly ExpressionModule<int> s_module = new("int", [.. s_rows.Select(row => row.Expression)], "70");
    private static readonly ExpressionModule<int> s_newest = new("int", [.. s_rows.Select(row => row.Expression)], "90");

    public static TheoryData<string> Expressions => [.. s_rows.Select(row => row.Expression)];

    [Theory]
    [MemberData(nameof(Expressions))]
    public void Expression_IsExact(string expression)
    {
        int[] x = EdgeValues.Mixed<int>(3000, 1);
        int[] y = EdgeValues.Mixed<int>(3000, 2);
        int[] z = EdgeValues.Mixed<int>(3000, 3);
        Func<int, int, int, long> reference = s_rows.Single(row => row.Expression == expression).Reference;
        long[] results = s_module.Evaluate<long>(expression, x, y, z);
        for (int i = 0; i < results.Length; i++)
        {
            long expected = reference(x[i], y[i], z[i]);
            Assert.True(expected == results[i], $"{expression} of {x[i]}, {y[i]}, {z[i]}: {results[i]} instead of {expected}");
        }

        Assert.Equal(results, s_newest.Evaluate<long>(expression, x, y, z));
    }

    private static long First(ulong value) => value == 0 ? 0 : BitOperations.TrailingZeroCount(value) + 1;

    private static uint Permute(uint x, uint y, uint selector)
    {
        ulong bytes = ((ulong)y << 32) | x;
        uint result = 0;
        for (int i = 0; i < 4; i++)
        {
            result |= (uint)(byte)(bytes >> (8 * (int)((selector >> (4 * i)) & 7))) << (8 * i);
        }

        return result;
    }

    private static long ByBytes(int x, int y, Func<int, int, int> operation)
    {
        uint result = 0;
        for (int i = 0; i < 32; i += 8)
        {
            result |= (uint)(byte)operation((byte)(x >> i), (byte)(y >> i)) << i;
        }

        return result;
    }
}
