using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>Operands that find mistakes: the corners of each type, and random bits. The same every time.</summary>
internal static unsafe class EdgeValues
{
    private static readonly uint[] s_single =
    [
        0x0000_0000, 0x8000_0000, // zeros
        0x0000_0001, 0x8000_0001, 0x007f_ffff, 0x807f_ffff, 0x0012_3456, // subnormal
        0x0080_0000, 0x8080_0000, 0x0080_0001, 0x00ff_ffff, // smallest normal
        0x3f80_0000, 0xbf80_0000, 0x3f80_0001, 0x3f7f_ffff, // one
        0x3f00_0000, 0xbf00_0000, 0x3fc0_0000, 0x4020_0000, 0xc020_0000, 0x3eff_ffff, // halves
        0x4040_0000, 0x4049_0fdb, 0xc2f6_e979, 0x461c_4000, 0x3dcc_cccd, // plain
        0x4b00_0000, 0x4b00_0001, 0x4b80_0000, 0xcb7f_ffff, // 2^23, 2^24
        0x4f00_0000, 0xcf00_0000, 0x4f80_0000, 0x4eff_ffff, 0x5f00_0000, 0xdf00_0000, 0x5f80_0000, // 2^31, 2^32, 2^63, 2^64
        0x7f7f_ffff, 0xff7f_ffff, 0x7f00_0000, 0x7f80_0000, 0xff80_0000, // largest, infinite
        0x7fff_ffff, 0x7fc0_0000, 0xffc0_0000, 0x7f80_0001, 0xff81_2345, // not numbers
    ];

    private static readonly ulong[] s_double =
    [
        0, 0x8000_0000_0000_0000, 1, 0x8000_0000_0000_0001, 0x000f_ffff_ffff_ffff, 0x0010_0000_0000_0000, 0x8010_0000_0000_0001,
        0x3ff0_0000_0000_0000, 0xbff0_0000_0000_0000, 0x3ff0_0000_0000_0001, 0x3fef_ffff_ffff_ffff, 0x3fe0_0000_0000_0000,
        0xbfe0_0000_0000_0000, 0x3ff8_0000_0000_0000, 0x4004_0000_0000_0000, 0xc004_0000_0000_0000, 0x4009_21fb_5444_2d18,
        0xc05e_dd2f_1a9f_be77, 0x3fb9_9999_9999_999a, 0x4330_0000_0000_0001, 0x4340_0000_0000_0000, 0xc34f_ffff_ffff_ffff,
        0x41df_ffff_ffc0_0000, 0x41e0_0000_0000_0000, 0xc1e0_0000_0000_0000, 0xc1e0_0000_0020_0000, 0x41ef_ffff_ffe0_0000,
        0x41f0_0000_0000_0000, 0x43e0_0000_0000_0000, 0xc3e0_0000_0000_0000, 0x43f0_0000_0000_0000,
        0x47ef_ffff_e000_0000, 0x47ef_ffff_f000_0000, 0x36a0_0000_0000_0000, 0x3690_0000_0000_0000, 0x380f_ffff_ffff_ffff,
        0x7fef_ffff_ffff_ffff, 0xffef_ffff_ffff_ffff, 0x7ff0_0000_0000_0000, 0xfff0_0000_0000_0000,
        0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0000,
    ];

    private static readonly ushort[] s_half =
    [
        0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x8400, 0x3c00, 0xbc00, 0x3c01, 0x3bff, 0x3800, 0x3e00, 0x4100, 0xc100,
        0x4248, 0x7bff, 0xfbff, 0x7800, 0x7c00, 0xfc00, 0x7e00, 0xfe00, 0x7fff, 0x7c01, 0x3f80, 0xbf80, 0x7f7f, 0x7f80, 0xff80, 0x0080,
    ];

    public static T[] Of<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Cast<uint, T>(s_single);
        }

        if (typeof(T) == typeof(double))
        {
            return Cast<ulong, T>(s_double);
        }

        if (typeof(T) == typeof(Half))
        {
            return Cast<ushort, T>(s_half);
        }

        int bits = sizeof(T) * 8;
        ulong top = 1UL << (bits - 1);
        ulong[] values =
        [
            0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 33, 63, 64, 100, 127, 128, 255, 256, 32767, 32768, 65535, 0x1234_5678_9abc_def0,
            top, top - 1, top + 1, top - 2, ulong.MaxValue, ulong.MaxValue - 1, ulong.MaxValue - 2, ulong.MaxValue - 30,
            1UL << 23, 1UL << 24, (1UL << 24) + 1, 1UL << 31, 1UL << 32, 0xffff_ffff, 0x8000_0001, 0x5555_5555_5555_5555,
                0x00ff_00ff_00ff_00ff,
            (1UL << 53) + 1, (1UL << 54) + 3, 0x7fff_ffff_ffff_fc00, 0xffff_ff7f_ffff_ffff, 0xffff_ff80_0000_0000,
        ];
        return [.. values.Select(Truncate<T>).Distinct()];
    }

    /// <summary>Random bits; of floating-point types also values of moderate size.</summary>
    public static T[] Random<T>(int count, int seed)
        where T : unmanaged
    {
        var random = new Random(seed * 7919 + sizeof(T));
        var values = new T[count];
        for (int i = 0; i < count; i++)
        {
            if (i % 2 == 1 && typeof(T) == typeof(float))
            {
                values[i] = (T)(object)(float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 6)));
            }
            else if (i % 2 == 1 && typeof(T) == typeof(double))
            {
                values[i] = (T)(object)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 6)));
            }
            else if (i % 2 == 1 && typeof(T) == typeof(Half))
            {
                values[i] = (T)(object)(Half)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4)));
            }
            else
            {
                values[i] = Truncate<T>((ulong)random.NextInt64(long.MinValue, long.MaxValue));
            }
        }

        return values;
    }

    /// <summary>All pairs of edge values, then random pairs.</summary>
    public static (TA[] A, TB[] B) Pairs<TA, TB>(int random)
        where TA : unmanaged
        where TB : unmanaged
    {
        TA[] left = Of<TA>();
        TB[] right = Of<TB>();
        var a = new List<TA>();
        var b = new List<TB>();
        foreach (TA x in left)
        {
            a.AddRange(Enumerable.Repeat(x, right.Length));
            b.AddRange(right);
        }

        a.AddRange(Random<TA>(random, 1));
        b.AddRange(Random<TB>(random, 2));
        return ([.. a], [.. b]);
    }

    /// <summary>Edge values and random ones in random order.</summary>
    public static T[] Mixed<T>(int count, int seed)
        where T : unmanaged
    {
        T[] edges = Of<T>();
        T[] others = Random<T>(count, seed);
        var random = new Random(seed);
        return [.. others.Select(other => random.Next(2) == 0 ? other : edges[random.Next(edges.Length)])];
    }

    private static T Truncate<T>(ulong value)
        where T : unmanaged => *(T*)&value;

    private static TTo[] Cast<TFrom, TTo>(TFrom[] values)
        where TFrom : unmanaged
        where TTo : unmanaged => MemoryMarshal.Cast<TFrom, TTo>(values).ToArray();
}
