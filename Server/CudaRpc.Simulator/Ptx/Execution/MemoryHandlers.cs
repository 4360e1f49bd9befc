using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>Loads and stores. Aux is the number of elements, 1, 2 or 4; their registers are D0 to D3.</summary>
internal static unsafe class MemoryHandlers
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>ld: elements extend into their registers as TElement's sign says.</summary>
    [MethodImpl(Hot)]
    public static void Load<TElement, TRegister>(Worker worker, Instruction* instruction, uint mask)
        where TElement : unmanaged, IBinaryInteger<TElement>
        where TRegister : unmanaged, IBinaryInteger<TRegister>
    {
        int count = instruction->Aux;
        worker.Resolve(instruction, mask, (uint)(sizeof(TElement) * count));
        byte** pointers = worker.Pointers;
        for (int element = 0; element < count; element++)
        {
            var d = (TRegister*)worker.Register((&instruction->D0)[element]);
            nint offset = element * sizeof(TElement);
            if (mask == Worker.FullMask)
            {
                if (sizeof(TElement) == 4 && sizeof(TRegister) == 4)
                {
                    LoadWords(pointers, offset, (uint*)d);
                    continue;
                }

                for (int lane = 0; lane < 32; lane += 4)
                {
                    d[lane] = TRegister.CreateTruncating(*(TElement*)(pointers[lane] + offset));
                    d[lane + 1] = TRegister.CreateTruncating(*(TElement*)(pointers[lane + 1] + offset));
                    d[lane + 2] = TRegister.CreateTruncating(*(TElement*)(pointers[lane + 2] + offset));
                    d[lane + 3] = TRegister.CreateTruncating(*(TElement*)(pointers[lane + 3] + offset));
                }

                continue;
            }

            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                d[lane] = TRegister.CreateTruncating(*(TElement*)(pointers[lane] + offset));
            }
        }
    }

    /// <summary>The first bytes only of a load from global memory, as many as each lane's B says; the others are zero and not read.</summary>
    public static void LoadPart<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
    {
        int count = instruction->Aux;
        byte* bytes = stackalloc byte[2 * sizeof(ulong)];
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint size = Math.Min(((uint*)worker.Operand(instruction->B))[lane], (uint)(sizeof(T) * count));
            ulong address = ((ulong*)worker.Operand(instruction->A))[lane] + (ulong)instruction->Immediate;
            byte* from = size == 0 ? bytes : worker.ResolveOne(address, size, lane);
            if (from is null)
            {
                worker.Fault(DeviceFaultKind.IllegalAddress, instruction, rest, $"illegal address 0x{address:x}, {size} bytes", address);
            }

            new Span<byte>(bytes, 2 * sizeof(ulong)).Clear();
            Buffer.MemoryCopy(from, bytes, size, size);
            for (int element = 0; element < count; element++)
            {
                ((T*)worker.Register((&instruction->D0)[element]))[lane] = ((T*)bytes)[element];
            }
        }
    }

    /// <summary>st: the low bits of each register.</summary>
    [MethodImpl(Hot)]
    public static void Store<TElement, TRegister>(Worker worker, Instruction* instruction, uint mask)
        where TElement : unmanaged, IBinaryInteger<TElement>
        where TRegister : unmanaged, IBinaryInteger<TRegister>
    {
        int count = instruction->Aux;
        worker.Resolve(instruction, mask, (uint)(sizeof(TElement) * count));
        byte** pointers = worker.Pointers;
        for (int element = 0; element < count; element++)
        {
            var d = (TRegister*)worker.Operand((&instruction->D0)[element]);
            nint offset = element * sizeof(TElement);
            if (mask == Worker.FullMask)
            {
                if (sizeof(TElement) == 4 && sizeof(TRegister) == 4)
                {
                    StoreWords(pointers, offset, (uint*)d);
                    continue;
                }

                for (int lane = 0; lane < 32; lane += 4)
                {
                    *(TElement*)(pointers[lane] + offset) = TElement.CreateTruncating(d[lane]);
                    *(TElement*)(pointers[lane + 1] + offset) = TElement.CreateTruncating(d[lane + 1]);
                    *(TElement*)(pointers[lane + 2] + offset) = TElement.CreateTruncating(d[lane + 2]);
                    *(TElement*)(pointers[lane + 3] + offset) = TElement.CreateTruncating(d[lane + 3]);
                }

                continue;
            }

            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                *(TElement*)(pointers[lane] + offset) = TElement.CreateTruncating(d[lane]);
            }
        }
    }

    /// <summary>ld.param of a kernel parameter at the offset in Immediate: the same for all lanes.</summary>
    [MethodImpl(Hot)]
    public static void LoadParameter<TElement, TRegister>(Worker worker, Instruction* instruction, uint mask)
        where TElement : unmanaged, IBinaryInteger<TElement>
        where TRegister : unmanaged, IBinaryInteger<TRegister>
    {
        // SAFETY: the compiler has checked the offset against the kernel's parameters.
        var source = (TElement*)(worker.Launch.Parameters + instruction->Immediate);
        for (int element = 0; element < instruction->Aux; element++)
        {
            var d = (TRegister*)worker.Register((&instruction->D0)[element]);
            Vector256<TRegister> value = Vector256.Create(TRegister.CreateTruncating(source[element]));
            for (int lane = 0; lane < 32; lane += Vector256<TRegister>.Count)
            {
                Lanes.Store(d, lane, mask, value);
            }
        }
    }

    /// <summary>ld.param of a kernel parameter at an offset that the program computes: A plus Immediate.</summary>
    public static void LoadParameterIndexed<TElement, TRegister>(Worker worker, Instruction* instruction, uint mask)
        where TElement : unmanaged, IBinaryInteger<TElement>
        where TRegister : unmanaged, IBinaryInteger<TRegister>
    {
        ulong* offsets = (ulong*)worker.Operand(instruction->A);
        ulong bytes = (ulong)(sizeof(TElement) * instruction->Aux);
        ulong size = (ulong)worker.Launch.Kernel.ParameterBytes;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong offset = offsets[lane] + (ulong)instruction->Immediate;
            if (bytes > size || offset > size - bytes)
            {
                worker.Fault(DeviceFaultKind.IllegalAddress, instruction, rest, $"illegal parameter offset {offset} of {size}", offset);
            }

            worker.Pointers[lane] = worker.Launch.Parameters + offset;
        }

        for (int element = 0; element < instruction->Aux; element++)
        {
            var d = (TRegister*)worker.Register((&instruction->D0)[element]);
            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                d[lane] = TRegister.CreateTruncating(((TElement*)worker.Pointers[lane])[element]);
            }
        }
    }

    /// <summary>isspacep: whether the generic address in A is in the window from Immediate on.</summary>
    public static void IsInWindow(Worker worker, Instruction* instruction, uint mask)
    {
        ulong* addresses = (ulong*)worker.Operand(instruction->A);
        uint result = 0;
        for (int lane = 0; lane < 32; lane++)
        {
            result |= addresses[lane] - (ulong)instruction->Immediate < AddressWindows.Size ? 1u << lane : 0;
        }

        worker.SetPredicate(instruction->D0, mask, result);
    }

    /// <summary>isspacep.global: in neither window.</summary>
    public static void IsGlobal(Worker worker, Instruction* instruction, uint mask)
    {
        ulong* addresses = (ulong*)worker.Operand(instruction->A);
        uint result = 0;
        for (int lane = 0; lane < 32; lane++)
        {
            result |= addresses[lane] - AddressWindows.Shared >= 2 * AddressWindows.Size ? 1u << lane : 0;
        }

        worker.SetPredicate(instruction->D0, mask, result);
    }

    /// <summary>membar and fence.</summary>
    public static void Fence(Worker worker, Instruction* instruction, uint mask) => Interlocked.MemoryBarrier();

    /// <summary>Follows loads that are volatile, relaxed or acquiring, and nanosleep: the thread may be waiting for another.</summary>
    public static void Poll(Worker worker, Instruction* instruction, uint mask) => worker.Polled = true;

    // Most accesses of neighbouring lanes are to neighbouring words, or all to one: eight lanes at a time that is one vector.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadWords(byte** pointers, nint offset, uint* d)
    {
        for (int lane = 0; lane < 32; lane += 8)
        {
            byte* first = pointers[lane];
            Vector256<ulong> low = Vector256.Load((ulong*)(pointers + lane)) - Vector256.Create((ulong)first);
            Vector256<ulong> high = Vector256.Load((ulong*)(pointers + lane + 4)) - Vector256.Create((ulong)first);
            if (AreNeighbours(low, high))
            {
                Vector256.Load((uint*)(first + offset)).Store(d + lane);
            }
            else if ((low | high) == Vector256<ulong>.Zero)
            {
                Vector256.Create(*(uint*)(first + offset)).Store(d + lane);
            }
            else
            {
                for (int i = lane; i < lane + 8; i++)
                {
                    d[i] = *(uint*)(pointers[i] + offset);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreWords(byte** pointers, nint offset, uint* d)
    {
        for (int lane = 0; lane < 32; lane += 8)
        {
            byte* first = pointers[lane];
            Vector256<ulong> low = Vector256.Load((ulong*)(pointers + lane)) - Vector256.Create((ulong)first);
            Vector256<ulong> high = Vector256.Load((ulong*)(pointers + lane + 4)) - Vector256.Create((ulong)first);
            if (AreNeighbours(low, high))
            {
                Vector256.Load(d + lane).Store((uint*)(first + offset));
            }
            else
            {
                for (int i = lane; i < lane + 8; i++)
                {
                    *(uint*)(pointers[i] + offset) = d[i];
                }
            }
        }
    }

    private static bool AreNeighbours(Vector256<ulong> low, Vector256<ulong> high) =>
        ((low ^ Vector256.Create(0ul, 4, 8, 12)) | (high ^ Vector256.Create(16ul, 20, 24, 28))) == Vector256<ulong>.Zero;
}
