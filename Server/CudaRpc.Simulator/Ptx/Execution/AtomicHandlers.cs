using System.Numerics;
using System.Runtime.CompilerServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>What an atomic instruction stores, given what was there.</summary>
internal interface IAtomic<T>
{
    static abstract T Invoke(T old, T b, T c);
}

/// <summary>atom and red. Lanes go one after the other, in order.</summary>
internal static unsafe class AtomicHandlers
{
    /// <summary>Bit of Aux: D0 receives what was there.</summary>
    public const int HasResult = 1;

    /// <summary>Bit of Aux: programs wait with this operation; see <see cref="Worker.Polled"/>.</summary>
    public const int Polls = 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply<T, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
        where TOperation : struct, IAtomic<T>
    {
        worker.Resolve(instruction, mask, (uint)sizeof(T));
        T** pointers = (T**)worker.Pointers;
        T* b = (T*)worker.Operand(instruction->B);
        T* c = (T*)worker.Operand(instruction->C);
        T* d = (T*)worker.Register(instruction->D0);
        bool alone = instruction->Space == MemorySpace.Shared;
        bool hasResult = (instruction->Aux & HasResult) != 0;
        worker.Polled |= (instruction->Aux & Polls) != 0;
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            T old;
            if (alone)
            {
                // Only this thread runs the CTA.
                old = *pointers[lane];
                *pointers[lane] = TOperation.Invoke(old, b[lane], c[lane]);
            }
            else
            {
                old = Exchange<T, TOperation>(pointers[lane], b[lane], c[lane]);
            }

            if (hasResult)
            {
                d[lane] = old;
            }
        }
    }

    // SAFETY: Resolve has checked bounds and alignment. Pairs with the same loop in other workers.
    private static T Exchange<T, TOperation>(T* pointer, T b, T c)
        where T : unmanaged
        where TOperation : struct, IAtomic<T>
    {
        while (true)
        {
            T old = *pointer;
            T value = TOperation.Invoke(old, b, c);
            bool done = sizeof(T) switch
            {
                2 => CompareExchange((ushort*)pointer, Unsafe.BitCast<T, ushort>(value), Unsafe.BitCast<T, ushort>(old)),
                4 => CompareExchange((uint*)pointer, Unsafe.BitCast<T, uint>(value), Unsafe.BitCast<T, uint>(old)),
                _ => CompareExchange((ulong*)pointer, Unsafe.BitCast<T, ulong>(value), Unsafe.BitCast<T, ulong>(old)),
            };
            if (done)
            {
                return old;
            }
        }
    }

    private static bool CompareExchange(ushort* pointer, ushort value, ushort old) =>
        Interlocked.CompareExchange(ref *pointer, value, old) == old;

    private static bool CompareExchange(uint* pointer, uint value, uint old) =>
        Interlocked.CompareExchange(ref *pointer, value, old) == old;

    private static bool CompareExchange(ulong* pointer, ulong value, ulong old) =>
        Interlocked.CompareExchange(ref *pointer, value, old) == old;
}

internal readonly struct AtomicAdd<T> : IAtomic<T>
    where T : IAdditionOperators<T, T, T>
{
    public static T Invoke(T old, T b, T c) => unchecked(old + b);
}

internal readonly struct AtomicAddF32 : IAtomic<float>
{
    public static float Invoke(float old, float b, float c) => FloatBits.Canonical(old + b);
}

internal readonly struct AtomicAddHalf<TFormat> : IAtomic<ushort>
    where TFormat : struct, IHalfFormat
{
    public static ushort Invoke(ushort old, ushort b, ushort c) => HalfHandlers.Add<TFormat>(old, b);
}

internal readonly struct AtomicAddPacked<TFormat> : IAtomic<uint>
    where TFormat : struct, IHalfFormat
{
    public static uint Invoke(uint old, uint b, uint c)
    {
        uint high = HalfHandlers.Add<TFormat>((ushort)(old >> 16), (ushort)(b >> 16));
        return (high << 16) | HalfHandlers.Add<TFormat>((ushort)old, (ushort)b);
    }
}

internal readonly struct AtomicAnd<T> : IAtomic<T>
    where T : IBitwiseOperators<T, T, T>
{
    public static T Invoke(T old, T b, T c) => old & b;
}

internal readonly struct AtomicOr<T> : IAtomic<T>
    where T : IBitwiseOperators<T, T, T>
{
    public static T Invoke(T old, T b, T c) => old | b;
}

internal readonly struct AtomicXor<T> : IAtomic<T>
    where T : IBitwiseOperators<T, T, T>
{
    public static T Invoke(T old, T b, T c) => old ^ b;
}

internal readonly struct AtomicMinimum<T> : IAtomic<T>
    where T : INumber<T>
{
    public static T Invoke(T old, T b, T c) => b < old ? b : old;
}

internal readonly struct AtomicMaximum<T> : IAtomic<T>
    where T : INumber<T>
{
    public static T Invoke(T old, T b, T c) => b > old ? b : old;
}

internal readonly struct AtomicExchange<T> : IAtomic<T>
{
    public static T Invoke(T old, T b, T c) => b;
}

/// <summary>cas: c where there was b.</summary>
internal readonly struct AtomicCompareExchange<T> : IAtomic<T>
    where T : IEquatable<T>
{
    public static T Invoke(T old, T b, T c) => old.Equals(b) ? c : old;
}

/// <summary>inc: up to b, then 0 again.</summary>
internal readonly struct AtomicIncrement : IAtomic<uint>
{
    public static uint Invoke(uint old, uint b, uint c) => old >= b ? 0 : old + 1;
}

/// <summary>dec: down to 0, then b again.</summary>
internal readonly struct AtomicDecrement : IAtomic<uint>
{
    public static uint Invoke(uint old, uint b, uint c) => old == 0 || old > b ? b : old - 1;
}
