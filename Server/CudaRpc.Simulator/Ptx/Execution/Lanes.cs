using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// Handlers that apply one operation to all lanes of a mask: D0 from A, B and C. Always optimised at once: a handler compiled without
/// optimisation first would cost more in the first tenth of a second than most kernels take.
/// </summary>
internal static unsafe class Lanes
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    [MethodImpl(Hot)]
    public static void Map1<TSource, TResult, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where TSource : unmanaged
        where TResult : unmanaged
        where TOperation : struct, IUnary<TSource, TResult>
    {
        TResult* d = (TResult*)worker.Register(instruction->D0);
        TSource* a = (TSource*)worker.Operand(instruction->A);
        if (mask == Worker.FullMask)
        {
            for (int lane = 0; lane < 32; lane++)
            {
                d[lane] = TOperation.Invoke(a[lane]);
            }

            return;
        }

        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = TOperation.Invoke(a[lane]);
        }
    }

    [MethodImpl(Hot)]
    public static void Map2<T, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
        where TOperation : struct, IBinary<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        if (mask == Worker.FullMask)
        {
            for (int lane = 0; lane < 32; lane++)
            {
                d[lane] = TOperation.Invoke(a[lane], b[lane]);
            }

            return;
        }

        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = TOperation.Invoke(a[lane], b[lane]);
        }
    }

    [MethodImpl(Hot)]
    public static void Map3<T, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
        where TOperation : struct, ITernary<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        T* c = (T*)worker.Operand(instruction->C);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = TOperation.Invoke(a[lane], b[lane], c[lane]);
        }
    }

    [MethodImpl(Hot)]
    public static void Vector1<T, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
        where TOperation : struct, IVectorUnary<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
        {
            Store(d, lane, mask, TOperation.Invoke(Vector256.Load(a + lane)));
        }
    }

    [MethodImpl(Hot)]
    public static void Vector2<T, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
        where TOperation : struct, IVectorBinary<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        if (mask == Worker.FullMask)
        {
            for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
            {
                TOperation.Invoke(Vector256.Load(a + lane), Vector256.Load(b + lane)).Store(d + lane);
            }

            return;
        }

        for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
        {
            Store(d, lane, mask, TOperation.Invoke(Vector256.Load(a + lane), Vector256.Load(b + lane)));
        }
    }

    [MethodImpl(Hot)]
    public static void Vector3<T, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
        where TOperation : struct, IVectorTernary<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        T* c = (T*)worker.Operand(instruction->C);
        if (mask == Worker.FullMask)
        {
            for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
            {
                TOperation.Invoke(Vector256.Load(a + lane), Vector256.Load(b + lane), Vector256.Load(c + lane)).Store(d + lane);
            }

            return;
        }

        for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
        {
            Store(d, lane, mask, TOperation.Invoke(Vector256.Load(a + lane), Vector256.Load(b + lane), Vector256.Load(c + lane)));
        }
    }

    /// <summary>setp for one lane at a time: D0 and D1 are predicates; see <see cref="PredicateHandlers.Finish"/>.</summary>
    [MethodImpl(Hot)]
    public static void Compare<T, TCompare>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
        where TCompare : struct, ICompare<T>
    {
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        uint result = 0;
        for (int lane = 0; lane < 32; lane++)
        {
            result |= TCompare.Invoke(a[lane], b[lane]) ? 1u << lane : 0;
        }

        PredicateHandlers.Finish(worker, instruction, mask, result);
    }

    [MethodImpl(Hot)]
    public static void VectorCompare<T, TCompare>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
        where TCompare : struct, IVectorCompare<T>
    {
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        uint result = 0;
        for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
        {
            Vector256<T> compared = TCompare.Invoke(Vector256.Load(a + lane), Vector256.Load(b + lane));
            result |= compared.ExtractMostSignificantBits() << lane;
        }

        PredicateHandlers.Finish(worker, instruction, mask, result);
    }

    /// <summary>selp: A where the predicate C holds, else B.</summary>
    [MethodImpl(Hot)]
    public static void Select<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        T* b = (T*)worker.Operand(instruction->B);
        uint predicate = worker.Predicate(instruction->C);
        for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
        {
            Vector256<T> value = Vector256.ConditionalSelect(Mask<T>(predicate, lane), Vector256.Load(a + lane), Vector256.Load(b + lane));
            Store(d, lane, mask, value);
        }
    }

    /// <summary>mov of a whole register.</summary>
    [MethodImpl(Hot)]
    public static void Move<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
    {
        T* d = (T*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
        {
            Store(d, lane, mask, Vector256.Load(a + lane));
        }
    }

    /// <summary>Stores the lanes of <paramref name="mask"/> that <paramref name="value"/> holds, from <paramref name="lane"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(T* register, int lane, uint mask, Vector256<T> value)
        where T : unmanaged
    {
        if (mask != Worker.FullMask)
        {
            value = Vector256.ConditionalSelect(Mask<T>(mask, lane), value, Vector256.Load(register + lane));
        }

        value.Store(register + lane);
    }

    /// <summary>All bits of each lane whose bit in <paramref name="mask"/> is set, for the lanes from <paramref name="lane"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Mask<T>(uint mask, int lane)
        where T : unmanaged
    {
        if (sizeof(T) == 2)
        {
            Vector256<ushort> bits = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, (ushort)32768);
            return Vector256.Equals(Vector256.Create((ushort)(mask >> lane)) & bits, bits).As<ushort, T>();
        }

        if (sizeof(T) == 4)
        {
            Vector256<uint> bits = Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128);
            return Vector256.Equals(Vector256.Create(mask >> lane) & bits, bits).As<uint, T>();
        }
        else
        {
            Vector256<ulong> bits = Vector256.Create(1ul, 2, 4, 8);
            return Vector256.Equals(Vector256.Create((ulong)(mask >> lane)) & bits, bits).As<ulong, T>();
        }
    }
}
