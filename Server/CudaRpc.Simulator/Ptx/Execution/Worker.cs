using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// Executes CTAs on one thread. Handlers get it as their context: the current warp's registers, the CTA, the scratch space for addresses.
/// This part: what handlers see. Worker.Schedule picks CTAs and warps, Worker.Run is the loop over instructions, Worker.Addresses
/// turns device addresses into host pointers.
/// </summary>
internal sealed unsafe partial class Worker : IDisposable
{
    public const uint FullMask = uint.MaxValue;

    private readonly byte* _scratch;
    private AllocationCache* _cache;
    private int _cacheLength;
    private byte* _registers;
    private nint _constantDelta;
    private Launch _launch = null!;
    private Cta _cta = null!;
    private Warp _warp = null!;
    private ulong _instructions;
    private ulong _bytes;
    private uint _accessed; // Bytes per lane that the last instruction accessed in device memory.

    public Worker()
    {
        // SAFETY: freed by Dispose or the finaliser; 32 pointers, 32 widened addresses, 32 copied values.
        _scratch = (byte*)NativeMemory.AlignedAlloc(3 * 256, 64);
    }

    ~Worker() => Release();

    public Launch Launch => _launch;

    public Cta Cta => _cta;

    public Warp Warp => _warp;

    /// <summary>Set by instructions that read what other threads may change; the scheduler takes it for a sign of waiting.</summary>
    public bool Polled { get; set; }

    /// <summary>Host pointer of each lane, filled by <see cref="Resolve"/>.</summary>
    public byte** Pointers => (byte**)_scratch;

    /// <summary>Room for the values of 32 lanes, for handlers that read lanes after having written others.</summary>
    public byte* Values => _scratch + 512;

    /// <summary>Where an operand's 32 lanes are; see <see cref="Instruction"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Operand(int offset) => _registers + offset + (_constantDelta & (offset >> 31));

    /// <summary>Where a destination's 32 lanes are: always a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Register(int offset) => _registers + offset;

    /// <summary>A predicate's lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref uint Predicate(int offset) => ref *(uint*)(_registers + offset);

    /// <summary>Writes the lanes of <paramref name="mask"/> only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetPredicate(int offset, uint mask, uint value)
    {
        uint* predicate = (uint*)(_registers + offset);
        *predicate = (*predicate & ~mask) | (value & mask);
    }

    /// <summary>Ends the kernel because of the first lane in <paramref name="mask"/>.</summary>
    [DoesNotReturn]
    public void Fault(DeviceFaultKind kind, Instruction* instruction, uint mask, string detail, ulong address = 0)
    {
        Instruction[] code = _launch.Code.Instructions;
        int pc = (int)(instruction - (Instruction*)Unsafe.AsPointer(ref code[0]));
        ThrowFault(kind, _warp, mask, pc, detail, address);
    }

    public void Dispose()
    {
        foreach (Cta cta in _idle)
        {
            cta.Dispose();
        }

        _idle.Clear();
        Release();
        GC.SuppressFinalize(this);
    }

    [DoesNotReturn]
    private void ThrowFault(DeviceFaultKind kind, Warp warp, uint mask, int pc, string detail, ulong address)
    {
        int lane = warp.Index * 32 + BitOperations.TrailingZeroCount(mask);
        throw new DeviceFaultException(
            kind, detail, _launch.Kernel.Name, _cta.Index, _launch.ThreadIndex(lane), _launch.Code.Lines[pc], address);
    }

    private void Begin(Launch launch)
    {
        _launch = launch;
        _instructions = 0;
        _bytes = 0;
        int entries = launch.Code.CacheEntries;
        if (_cacheLength < entries)
        {
            // SAFETY: owned by this worker; every launch starts with empty entries.
            NativeMemory.Free(_cache);
            _cache = (AllocationCache*)NativeMemory.Alloc((nuint)entries, (nuint)sizeof(AllocationCache));
            _cacheLength = entries;
        }

        new Span<AllocationCache>(_cache, entries).Clear();
    }

    private void Release()
    {
        NativeMemory.AlignedFree(_scratch);
        NativeMemory.Free(_cache);
        _cache = null;
        _cacheLength = 0;
    }
}
