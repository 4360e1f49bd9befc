using System.Numerics;

namespace CudaRpc.Simulator.Ptx.Execution;

internal readonly struct PopulationCount32 : IUnary<uint, uint>
{
    public static uint Invoke(uint a) => (uint)BitOperations.PopCount(a);
}

internal readonly struct PopulationCount64 : IUnary<ulong, uint>
{
    public static uint Invoke(ulong a) => (uint)BitOperations.PopCount(a);
}

internal readonly struct LeadingZeros32 : IUnary<uint, uint>
{
    public static uint Invoke(uint a) => (uint)BitOperations.LeadingZeroCount(a);
}

internal readonly struct LeadingZeros64 : IUnary<ulong, uint>
{
    public static uint Invoke(ulong a) => (uint)BitOperations.LeadingZeroCount(a);
}

internal readonly struct Reverse32 : IUnary<uint, uint>
{
    public static uint Invoke(uint a)
    {
        a = ((a >> 1) & 0x5555_5555) | ((a & 0x5555_5555) << 1);
        a = ((a >> 2) & 0x3333_3333) | ((a & 0x3333_3333) << 2);
        a = ((a >> 4) & 0x0f0f_0f0f) | ((a & 0x0f0f_0f0f) << 4);
        return System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(a);
    }
}

internal readonly struct Reverse64 : IUnary<ulong, ulong>
{
    public static ulong Invoke(ulong a) => ((ulong)Reverse32.Invoke((uint)a) << 32) | Reverse32.Invoke((uint)(a >> 32));
}

/// <summary>
/// bfind: position of the highest bit that is set, or for negative numbers of the highest that is not; -1 if there is none.
/// </summary>
internal readonly struct FindBitU32 : IUnary<uint, uint>
{
    public static uint Invoke(uint a) => (uint)(31 - BitOperations.LeadingZeroCount(a));
}

internal readonly struct FindBitS32 : IUnary<int, uint>
{
    public static uint Invoke(int a) => FindBitU32.Invoke((uint)(a ^ (a >> 31)));
}

internal readonly struct FindBitU64 : IUnary<ulong, uint>
{
    public static uint Invoke(ulong a) => (uint)(63 - BitOperations.LeadingZeroCount(a));
}

internal readonly struct FindBitS64 : IUnary<long, uint>
{
    public static uint Invoke(long a) => FindBitU64.Invoke((ulong)(a ^ (a >> 63)));
}

/// <summary>bfind.shiftamt: how far to shift left to bring that bit to the top; -1 if there is none.</summary>
internal readonly struct ToShiftAmount<T, TFind> : IUnary<T, uint>
    where T : unmanaged
    where TFind : struct, IUnary<T, uint>
{
    public static unsafe uint Invoke(T a)
    {
        uint position = TFind.Invoke(a);
        return position == uint.MaxValue ? position : (uint)(sizeof(T) * 8 - 1) - position;
    }
}

/// <summary>bfe: c bits of a from bit b on; signed ones repeat the field's top bit, of which there is always one.</summary>
internal static class Bitfield
{
    public static ulong Extract(ulong a, uint position, uint length, int width, bool signed)
    {
        position &= 0xff;
        length &= 0xff;
        if (length == 0)
        {
            return 0;
        }

        int top = (int)Math.Min(position + length - 1, (uint)width - 1);
        bool fill = signed && ((a >> top) & 1) != 0;
        ulong field = position >= (uint)width ? 0 : a >> (int)position;
        int bits = position >= (uint)width ? 0 : (int)Math.Min(length, (uint)width - position);
        ulong kept = bits >= 64 ? ulong.MaxValue : (1UL << bits) - 1;
        return fill ? field | ~kept : field & kept;
    }

    /// <summary>bfi: b with its c-th and following bits replaced by the d lowest of a.</summary>
    public static ulong Insert(ulong a, ulong b, uint position, uint length, int width)
    {
        position &= 0xff;
        length &= 0xff;
        if (position >= (uint)width || length == 0)
        {
            return b;
        }

        int bits = (int)Math.Min(length, (uint)width - position);
        ulong field = (bits >= 64 ? ulong.MaxValue : (1UL << bits) - 1) << (int)position;
        return (b & ~field) | ((a << (int)position) & field);
    }
}

/// <summary>lop3 with a table given as a constant is compiled per lane from the eight minterms.</summary>
internal static class Lop3
{
    public static uint Invoke(uint a, uint b, uint c, int table)
    {
        uint result = 0;
        result |= (table & 0x01) != 0 ? ~a & ~b & ~c : 0;
        result |= (table & 0x02) != 0 ? ~a & ~b & c : 0;
        result |= (table & 0x04) != 0 ? ~a & b & ~c : 0;
        result |= (table & 0x08) != 0 ? ~a & b & c : 0;
        result |= (table & 0x10) != 0 ? a & ~b & ~c : 0;
        result |= (table & 0x20) != 0 ? a & ~b & c : 0;
        result |= (table & 0x40) != 0 ? a & b & ~c : 0;
        result |= (table & 0x80) != 0 ? a & b & c : 0;
        return result;
    }
}

/// <summary>prmt: picks bytes of the 64-bit number {b, a}.</summary>
internal static class Permutation
{
    public static uint Invoke(uint a, uint b, uint selector, PermuteMode mode)
    {
        ulong bytes = ((ulong)b << 32) | a;
        int n = (int)(selector & 3);
        uint result = 0;
        for (int i = 0; i < 4; i++)
        {
            int pick = mode switch
            {
                PermuteMode.Forward4 => n + i,
                PermuteMode.Backward4 => (n - i) & 7,
                PermuteMode.Replicate8 => n,
                PermuteMode.EdgeClampLeft => Math.Max(n, i),
                PermuteMode.EdgeClampRight => Math.Min(n, i),
                PermuteMode.Replicate16 => (i & 1) + (n & 1) * 2,
                _ => (int)(selector >> (4 * i)) & 15,
            };
            uint value = (uint)(bytes >> (8 * (pick & 7))) & 0xff;
            bool sign = mode == PermuteMode.Selected && (pick & 8) != 0;
            value = sign ? (value & 0x80) != 0 ? 0xffu : 0 : value;
            result |= value << (8 * i);
        }

        return result;
    }
}

internal enum PermuteMode
{
    Selected,
    Forward4,
    Backward4,
    Replicate8,
    EdgeClampLeft,
    EdgeClampRight,
    Replicate16,
}

/// <summary>bmsk.clamp: b ones from bit a on; amounts of 32 and more count as 32.</summary>
internal readonly struct BitMaskClamped : IBinary<uint>
{
    public static uint Invoke(uint a, uint b)
    {
        ulong ones = (1UL << (int)Math.Min(b, 32)) - 1;
        return (uint)(ones << (int)Math.Min(a, 32));
    }
}

/// <summary>bmsk.wrap: only the low five bits of both amounts count.</summary>
internal readonly struct BitMaskWrapped : IBinary<uint>
{
    public static uint Invoke(uint a, uint b) => ((1u << (int)(b & 31)) - 1) << (int)(a & 31);
}

/// <summary>szext: extends the low b bits of a.</summary>
internal readonly struct ExtendClampedU32 : IBinary<uint>
{
    public static uint Invoke(uint a, uint b) => (uint)Bitfield.Extract(a, 0, Math.Min(b, 32), 32, signed: false);
}

internal readonly struct ExtendClampedS32 : IBinary<uint>
{
    public static uint Invoke(uint a, uint b) => (uint)Bitfield.Extract(a, 0, Math.Min(b, 32), 32, signed: true);
}

internal readonly struct ExtendWrappedU32 : IBinary<uint>
{
    public static uint Invoke(uint a, uint b) => ExtendClampedU32.Invoke(a, b & 31);
}

internal readonly struct ExtendWrappedS32 : IBinary<uint>
{
    public static uint Invoke(uint a, uint b) => ExtendClampedS32.Invoke(a, b & 31);
}
