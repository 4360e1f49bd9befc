using System.Numerics;
using System.Runtime.CompilerServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>mov between a register and several narrower ones.</summary>
internal static unsafe class MoveHandlers
{
    /// <summary>One part of A, from bit Aux on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<T, TPart>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged, IBinaryInteger<T>
        where TPart : unmanaged, IBinaryInteger<TPart>
    {
        TPart* d = (TPart*)worker.Register(instruction->D0);
        T* a = (T*)worker.Operand(instruction->A);
        int shift = instruction->Aux;
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = TPart.CreateTruncating(a[lane] >> shift);
        }
    }

    /// <summary>A below B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack2<TPart, T>(Worker worker, Instruction* instruction, uint mask)
        where TPart : unmanaged, IBinaryInteger<TPart>
        where T : unmanaged, IBinaryInteger<T>
    {
        T* d = (T*)worker.Register(instruction->D0);
        TPart* a = (TPart*)worker.Operand(instruction->A);
        TPart* b = (TPart*)worker.Operand(instruction->B);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = T.CreateTruncating(a[lane]) | (T.CreateTruncating(b[lane]) << (sizeof(TPart) * 8));
        }
    }

    /// <summary>Four 16-bit parts, A lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack4(Worker worker, Instruction* instruction, uint mask)
    {
        ulong* d = (ulong*)worker.Register(instruction->D0);
        ushort* a = (ushort*)worker.Operand(instruction->A);
        ushort* b = (ushort*)worker.Operand(instruction->B);
        ushort* c = (ushort*)worker.Operand(instruction->C);
        ushort* e = (ushort*)worker.Operand(instruction->E);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = a[lane] | ((ulong)b[lane] << 16) | ((ulong)c[lane] << 32) | ((ulong)e[lane] << 48);
        }
    }
}
