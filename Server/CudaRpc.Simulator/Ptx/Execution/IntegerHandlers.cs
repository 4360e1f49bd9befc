using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>Integer instructions whose operands differ in type, or that have more of them than <see cref="Lanes"/> knows.</summary>
internal static unsafe class IntegerHandlers
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>shl by the number in Aux, less than the width.</summary>
    [MethodImpl(Hot)]
    public static void ShiftLeftBy<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
        {
            Lanes.Store(d, lane, mask, Vector256.Load(a + lane) << instruction->Aux);
        }
    }

    /// <summary>shr by the number in Aux, less than the width; T's sign says which.</summary>
    [MethodImpl(Hot)]
    public static void ShiftRightBy<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
        {
            Lanes.Store(d, lane, mask, Vector256.Load(a + lane) >> instruction->Aux);
        }
    }

    /// <summary>shl: amounts of the width and more give 0.</summary>
    [MethodImpl(Hot)]
    public static void ShiftLeft<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = b[lane] < sizeof(T) * 8 ? a[lane] << (int)b[lane] : T.Zero;
        }
    }

    /// <summary>shr: amounts of the width and more give 0, or the sign.</summary>
    [MethodImpl(Hot)]
    public static void ShiftRight<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            T empty = T.IsNegative(a[lane]) ? T.AllBitsSet : T.Zero;
            d[lane] = b[lane] < sizeof(T) * 8 ? a[lane] >> (int)b[lane] : empty;
        }
    }

    /// <summary>shf: Aux bit 0 says right, bit 1 wrap.</summary>
    [MethodImpl(Hot)]
    public static void FunnelShift(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        uint* c = (uint*)worker.Operand(instruction->C);
        bool right = (instruction->Aux & 1) != 0;
        bool wrap = (instruction->Aux & 2) != 0;
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            int amount = (int)(wrap ? c[lane] & 31 : Math.Min(c[lane], 32));
            ulong both = ((ulong)b[lane] << 32) | a[lane];
            d[lane] = right ? (uint)(both >> amount) : (uint)((both << amount) >> 32);
        }
    }

    [MethodImpl(Hot)]
    public static void MultiplyWide16<T, TWide>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged, IBinaryInteger<T>
        where TWide : unmanaged, IBinaryInteger<TWide>
    {
        TWide* d = (TWide*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = TWide.CreateTruncating(a[lane]) * TWide.CreateTruncating(b[lane]);
        }
    }

    [MethodImpl(Hot)]
    public static void MultiplyWideS32(Worker worker, Instruction* instruction, uint mask)
    {
        long* d = (long*)worker.Register(instruction->D0);
        int* a = (int*)worker.Operand(instruction->A);
        int* b = (int*)worker.Operand(instruction->B);
        for (int lane = 0; lane < 32; lane += Vector256<int>.Count)
        {
            (Vector256<long> low, Vector256<long> high) = ProductS32(a + lane, b + lane);
            Lanes.Store(d, lane, mask, low);
            Lanes.Store(d, lane + 4, mask, high);
        }
    }

    [MethodImpl(Hot)]
    public static void MultiplyWideU32(Worker worker, Instruction* instruction, uint mask)
    {
        ulong* d = (ulong*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        for (int lane = 0; lane < 32; lane += Vector256<uint>.Count)
        {
            (Vector256<ulong> low, Vector256<ulong> high) = ProductU32(a + lane, b + lane);
            Lanes.Store(d, lane, mask, low);
            Lanes.Store(d, lane + 4, mask, high);
        }
    }

    [MethodImpl(Hot)]
    public static void MultiplyAddWideS32(Worker worker, Instruction* instruction, uint mask)
    {
        long* d = (long*)worker.Register(instruction->D0);
        int* a = (int*)worker.Operand(instruction->A);
        int* b = (int*)worker.Operand(instruction->B);
        long* c = (long*)worker.Operand(instruction->C);
        for (int lane = 0; lane < 32; lane += Vector256<int>.Count)
        {
            (Vector256<long> low, Vector256<long> high) = ProductS32(a + lane, b + lane);
            Lanes.Store(d, lane, mask, low + Vector256.Load(c + lane));
            Lanes.Store(d, lane + 4, mask, high + Vector256.Load(c + lane + 4));
        }
    }

    [MethodImpl(Hot)]
    public static void MultiplyAddWideU32(Worker worker, Instruction* instruction, uint mask)
    {
        ulong* d = (ulong*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        ulong* c = (ulong*)worker.Operand(instruction->C);
        for (int lane = 0; lane < 32; lane += Vector256<uint>.Count)
        {
            (Vector256<ulong> low, Vector256<ulong> high) = ProductU32(a + lane, b + lane);
            Lanes.Store(d, lane, mask, low + Vector256.Load(c + lane));
            Lanes.Store(d, lane + 4, mask, high + Vector256.Load(c + lane + 4));
        }
    }

    /// <summary>bfe.u32 and bfe.s32.</summary>
    [MethodImpl(Hot)]
    public static void BitfieldExtract<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        uint* c = (uint*)worker.Operand(instruction->C);
        int width = sizeof(T) * 8;
        bool signed = instruction->Aux != 0;
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = T.CreateTruncating(Bitfield.Extract(ulong.CreateTruncating(a[lane]), b[lane], c[lane], width, signed));
        }
    }

    [MethodImpl(Hot)]
    public static void BitfieldInsert<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        uint* c = (uint*)worker.Operand(instruction->C);
        uint* e = (uint*)worker.Operand(instruction->E);
        int width = sizeof(T) * 8;
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            ulong value = Bitfield.Insert(ulong.CreateTruncating(a[lane]), ulong.CreateTruncating(b[lane]), c[lane], e[lane], width);
            d[lane] = T.CreateTruncating(value);
        }
    }

    /// <summary>lop3 with the table in Aux.</summary>
    [MethodImpl(Hot)]
    public static void LogicalThree(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        uint* c = (uint*)worker.Operand(instruction->C);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = Lop3.Invoke(a[lane], b[lane], c[lane], instruction->Aux);
        }
    }

    /// <summary>prmt with the mode in Aux.</summary>
    [MethodImpl(Hot)]
    public static void Permute(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        uint* c = (uint*)worker.Operand(instruction->C);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = Permutation.Invoke(a[lane], b[lane], c[lane], (PermuteMode)instruction->Aux);
        }
    }

    /// <summary>
    /// dp4a and dp2a: Aux bit 0 says a is signed, bit 1 b, bit 2 two 16-bit elements instead of four bytes, bit 3 the high bytes.
    /// </summary>
    [MethodImpl(Hot)]
    public static void DotProduct(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        uint* c = (uint*)worker.Operand(instruction->C);
        bool signedA = (instruction->Aux & 1) != 0;
        bool signedB = (instruction->Aux & 2) != 0;
        bool pairs = (instruction->Aux & 4) != 0;
        int skip = (instruction->Aux & 8) != 0 ? 16 : 0;
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            uint sum = c[lane];
            for (int i = 0; i < (pairs ? 2 : 4); i++)
            {
                int left = pairs ? VideoHandlers.Element(a[lane], 16 * i, 16, signedA) : VideoHandlers.Element(a[lane], 8 * i, 8, signedA);
                sum += (uint)(left * VideoHandlers.Element(b[lane], skip + 8 * i, 8, signedB));
            }

            d[lane] = sum;
        }
    }

    /// <summary>
    /// add.cc, addc, sub.cc, subc: Aux bit 0 says subtract, bit 1 carry in from predicate C, bit 2 carry out to predicate D1.
    /// </summary>
    [MethodImpl(Hot)]
    public static void WithCarry<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        bool subtract = (instruction->Aux & 1) != 0;
        uint carries = (instruction->Aux & 2) != 0 ? worker.Predicate(instruction->C) : 0;
        uint result = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            bool carryIn = ((carries >> lane) & 1) != 0;
            T sum = Carry(a[lane], b[lane], subtract, carryIn, out bool carry);
            result |= carry ? 1u << lane : 0;
            d[lane] = sum;
        }

        if ((instruction->Aux & 4) != 0)
        {
            worker.SetPredicate(instruction->D1, mask, result);
        }
    }

    private static T Carry<T>(T a, T b, bool subtract, bool carryIn, out bool carry)
        where T : unmanaged, IBinaryInteger<T>
    {
        UInt128 one = carryIn ? 1u : 0u;
        UInt128 wide = subtract
            ? UInt128.CreateTruncating(a) - UInt128.CreateTruncating(b) - one
            : UInt128.CreateTruncating(a) + UInt128.CreateTruncating(b) + one;
        carry = ((wide >> (sizeof(T) * 8)) & 1) != 0;
        return T.CreateTruncating(wide);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<long> Low, Vector256<long> High) ProductS32(int* a, int* b)
    {
        (Vector256<long> lowA, Vector256<long> highA) = Vector256.Widen(Vector256.Load(a));
        (Vector256<long> lowB, Vector256<long> highB) = Vector256.Widen(Vector256.Load(b));
        return Avx2.IsSupported
            ? (Avx2.Multiply(lowA.AsInt32(), lowB.AsInt32()), Avx2.Multiply(highA.AsInt32(), highB.AsInt32()))
            : (lowA * lowB, highA * highB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<ulong> Low, Vector256<ulong> High) ProductU32(uint* a, uint* b)
    {
        (Vector256<ulong> lowA, Vector256<ulong> highA) = Vector256.Widen(Vector256.Load(a));
        (Vector256<ulong> lowB, Vector256<ulong> highB) = Vector256.Widen(Vector256.Load(b));
        return Avx2.IsSupported
            ? (Avx2.Multiply(lowA.AsUInt32(), lowB.AsUInt32()), Avx2.Multiply(highA.AsUInt32(), highB.AsUInt32()))
            : (lowA * lowB, highA * highB);
    }
}
