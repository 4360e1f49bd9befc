using System.Numerics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>The SIMD video instructions on bytes and 16-bit halves that CUDA's own functions are made of.</summary>
internal static unsafe class VideoHandlers
{
    /// <summary>Bit of Aux: sum of the elements, added to C.</summary>
    public const int Accumulate = 1;

    /// <summary>Bit of Aux: elements of A are signed.</summary>
    public const int SignedA = 2;

    /// <summary>Bit of Aux: elements of B are signed.</summary>
    public const int SignedB = 4;

    /// <summary>vabsdiff2 and vabsdiff4; Immediate is the width of an element.</summary>
    public static void AbsoluteDifference(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        uint* c = (uint*)worker.Operand(instruction->C);
        int width = (int)instruction->Immediate;
        uint elementMask = (1u << width) - 1;
        bool accumulate = (instruction->Aux & Accumulate) != 0;
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            uint result = accumulate ? c[lane] : 0;
            for (int position = 0; position < 32; position += width)
            {
                int left = Element(a[lane], position, width, (instruction->Aux & SignedA) != 0);
                int right = Element(b[lane], position, width, (instruction->Aux & SignedB) != 0);
                uint distance = (uint)Math.Abs(left - right) & elementMask;
                result += accumulate ? distance : distance << position;
            }

            d[lane] = result;
        }
    }

    /// <summary>The element of <paramref name="bits"/> bits at <paramref name="position"/>.</summary>
    public static int Element(uint value, int position, int bits, bool signed)
    {
        int top = (int)(value << (32 - bits - position));
        return signed ? top >> (32 - bits) : (int)((uint)top >> (32 - bits));
    }
}
