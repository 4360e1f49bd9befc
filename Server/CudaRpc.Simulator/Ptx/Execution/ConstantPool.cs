using System.Runtime.CompilerServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// The constants of one kernel in one loaded module, each repeated for 32 lanes so that handlers read them like registers.
/// Constant n ends where constant n-1 begins: offsets count backwards from <see cref="End"/>.
/// </summary>
internal sealed unsafe class ConstantPool
{
    private readonly byte[] _memory;

    /// <exception cref="KeyNotFoundException">A symbol has no address: the module was compiled wrongly.</exception>
    public ConstantPool(IReadOnlyList<KernelConstant> constants, IReadOnlyDictionary<string, ulong> addresses)
    {
        int size = constants.Sum(constant => Bytes(constant.Width));
        _memory = GC.AllocateUninitializedArray<byte>(size + 64, pinned: true);
        // SAFETY: the array is pinned for its whole life and this object keeps it.
        byte* start = (byte*)Unsafe.AsPointer(ref _memory[0]);
        End = (byte*)(((nuint)start + 63) & ~(nuint)63) + size;
        byte* position = End;
        foreach (KernelConstant constant in constants)
        {
            position -= Bytes(constant.Width);
            ulong value = constant.Bits + (constant.Symbol is null ? 0 : addresses[constant.Symbol]);
            Fill(position, constant.Width, value);
        }
    }

    /// <summary>One past the first constant.</summary>
    public byte* End { get; }

    /// <summary>Bytes that a constant of <paramref name="width"/> bits takes.</summary>
    public static int Bytes(int width) => 32 * width / 8;

    private static void Fill(byte* position, int width, ulong value)
    {
        switch (width)
        {
            case 16:
                new Span<ushort>(position, 32).Fill((ushort)value);
                break;
            case 32:
                new Span<uint>(position, 32).Fill((uint)value);
                break;
            default:
                new Span<ulong>(position, 32).Fill(value);
                break;
        }
    }
}
