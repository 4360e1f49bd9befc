using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>From device addresses to host pointers. Every access goes through <see cref="Resolve"/>; nothing else makes pointers.</summary>
internal sealed unsafe partial class Worker
{
    /// <summary>
    /// Fills <see cref="Pointers"/> for the lanes of <paramref name="mask"/> with where <paramref name="bytes"/> bytes at each lane's
    /// address are, or ends the kernel with a fault. Pointers of other lanes are rubbish.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Resolve(Instruction* instruction, uint mask, uint bytes)
    {
        ulong* addresses = Addresses(instruction);
        ulong offset = instruction->NarrowAddress ? 0 : (ulong)instruction->Immediate;
        switch (instruction->Space)
        {
            case MemorySpace.Device:
                _accessed = bytes;
                ref AllocationCache cache = ref _cache[instruction->Target];
                if (!TryWindow(addresses, offset, mask, bytes, cache.Base, cache.Size, cache.Host))
                {
                    ResolveDevice(instruction, addresses, offset, mask, bytes);
                }

                break;

            case MemorySpace.Shared:
                if (!TryWindow(addresses, offset, mask, bytes, 0, _cta.SharedBytes, _cta.Shared))
                {
                    ResolveCluster(instruction, addresses, offset, mask, bytes);
                }

                break;

            case MemorySpace.Local:
                ResolveLocal(instruction, addresses, offset, mask, bytes);
                break;

            default:
                _accessed = bytes;
                ref AllocationCache seen = ref _cache[instruction->Target];
                if (!TryWindow(addresses, offset, mask, bytes, seen.Base, seen.Size, seen.Host)
                    && !TryWindow(addresses, offset, mask, bytes, AddressWindows.Shared, _cta.SharedBytes, _cta.Shared))
                {
                    ResolveGeneric(instruction, addresses, offset, mask, bytes);
                }

                break;
        }
    }

    /// <summary>Host pointer to a device address of one lane, for strings and the like; null where it is not in one allocation.</summary>
    public byte* ResolveOne(ulong address, uint bytes, int lane)
    {
        if (address - AddressWindows.Shared < AddressWindows.Size)
        {
            return SharedPointer(address - AddressWindows.Shared, bytes);
        }

        if (address - AddressWindows.Local < AddressWindows.Size)
        {
            ulong offset = address - AddressWindows.Local;
            return Fits(offset, bytes, (ulong)_launch.Kernel.LocalBytes) ? LocalOf(lane) + offset : null;
        }

        return _launch.Memory.Resolve(address, bytes);
    }

    // A CTA's own shared memory, or with a rank in the upper bits that of another one of its cluster, which this worker runs as well.
    private byte* SharedPointer(ulong address, uint bytes)
    {
        ulong rank = address >> ClusterHandlers.RankShift;
        ulong offset = address & ((1UL << ClusterHandlers.RankShift) - 1);
        Cta? owner = _cta;
        if (rank != 0 && !_cta.Cluster.TryGet(rank - 1, out owner))
        {
            return null;
        }

        return Fits(offset, bytes, owner!.SharedBytes) ? owner.Shared + offset : null;
    }

    private void ResolveCluster(Instruction* instruction, ulong* addresses, ulong offset, uint mask, uint bytes)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong address = addresses[lane] + offset;
            CheckAlignment(instruction, address, bytes, rest);
            Pointers[lane] = SharedPointer(address, bytes);
            if (Pointers[lane] is null)
            {
                FaultInWindow(instruction, addresses, offset, rest & (0 - rest), bytes, _cta.SharedBytes, "shared");
            }
        }
    }

    private static bool Fits(ulong offset, uint bytes, ulong size) => bytes <= size && offset <= size - bytes;

    /// <summary>Host pointer into the calling area of a lane's local memory, whose layout the compiler has fixed.</summary>
    public byte* LocalAt(ulong offset, int lane) => LocalOf(lane) + offset;

    private byte* LocalOf(int lane) => _warp.Local + (nint)lane * _launch.Code.LocalStride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong* Addresses(Instruction* instruction)
    {
        byte* operand = Operand(instruction->A);
        if (!instruction->NarrowAddress)
        {
            return (ulong*)operand;
        }

        // 32-bit addresses wrap around in 32 bits.
        Vector256<uint> offset = Vector256.Create((uint)instruction->Immediate);
        ulong* wide = (ulong*)(_scratch + 256);
        for (int lane = 0; lane < 32; lane += Vector256<uint>.Count)
        {
            (Vector256<ulong> low, Vector256<ulong> high) = Vector256.Widen(Vector256.Load((uint*)operand + lane) + offset);
            low.Store(wide + lane);
            high.Store(wide + lane + Vector256<ulong>.Count);
        }

        return wide;
    }

    // True when all lanes of the mask access one range of addresses, aligned. SAFETY: this is the bounds check of the interpreter: a
    // pointer is used only if offset <= size - bytes held for its lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryWindow(ulong* addresses, ulong offset, uint mask, uint bytes, ulong start, ulong size, byte* host)
    {
        if (size < bytes)
        {
            return false;
        }

        Vector256<ulong> delta = Vector256.Create(offset - start);
        Vector256<ulong> last = Vector256.Create(size - bytes);
        Vector256<ulong> misaligned = Vector256.Create((ulong)bytes - 1);
        Vector256<ulong> target = Vector256.Create((ulong)host);
        ulong* pointers = (ulong*)_scratch;
        uint good = 0;
        for (int lane = 0; lane < 32; lane += Vector256<ulong>.Count)
        {
            Vector256<ulong> relative = Vector256.Load(addresses + lane) + delta;
            Vector256<ulong> inside = Vector256.LessThanOrEqual(relative, last);
            Vector256<ulong> aligned = Vector256.Equals(relative & misaligned, Vector256<ulong>.Zero);
            (relative + target).Store(pointers + lane);
            good |= (inside & aligned).ExtractMostSignificantBits() << lane;
        }

        return (mask & ~good) == 0;
    }

    private void ResolveDevice(Instruction* instruction, ulong* addresses, ulong offset, uint mask, uint bytes)
    {
        ref AllocationCache cache = ref _cache[instruction->Target];
        Remember(ref cache, addresses[BitOperations.TrailingZeroCount(mask)] + offset);
        if (TryWindow(addresses, offset, mask, bytes, cache.Base, cache.Size, cache.Host))
        {
            return;
        }

        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            Pointers[lane] = DevicePointer(instruction, ref cache, addresses[lane] + offset, bytes, rest);
        }
    }

    private byte* DevicePointer(Instruction* instruction, ref AllocationCache cache, ulong address, uint bytes, uint rest)
    {
        CheckAlignment(instruction, address, bytes, rest);
        if (!Fits(address - cache.Base, bytes, cache.Size))
        {
            Remember(ref cache, address);
            if (!Fits(address - cache.Base, bytes, cache.Size))
            {
                Fault(DeviceFaultKind.IllegalAddress, instruction, rest, $"illegal address 0x{address:x}, {bytes} bytes", address);
            }
        }

        return cache.Host + (address - cache.Base);
    }

    private void Remember(ref AllocationCache cache, ulong address)
    {
        if (_launch.Memory.TryFind(address, out Allocation? allocation))
        {
            cache.Base = allocation.Base;
            cache.Size = allocation.Size;
            cache.Host = allocation.Host;
        }
    }

    private void CheckAlignment(Instruction* instruction, ulong address, uint bytes, uint rest)
    {
        if ((address & (bytes - 1)) != 0)
        {
            Fault(DeviceFaultKind.MisalignedAddress, instruction, rest, $"misaligned address 0x{address:x}, {bytes} bytes", address);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ResolveLocal(Instruction* instruction, ulong* addresses, ulong offset, uint mask, uint bytes)
    {
        ulong size = (ulong)_launch.Kernel.LocalBytes;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong address = addresses[lane] + offset;
            if (!Fits(address, bytes, size) || (address & (bytes - 1)) != 0)
            {
                FaultInWindow(instruction, addresses, offset, rest, bytes, size, "local");
            }

            Pointers[lane] = LocalOf(lane) + address;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ResolveGeneric(Instruction* instruction, ulong* addresses, ulong offset, uint mask, uint bytes)
    {
        ref AllocationCache cache = ref _cache[instruction->Target];
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong address = addresses[lane] + offset;
            if (address - AddressWindows.Shared < 2 * AddressWindows.Size)
            {
                CheckAlignment(instruction, address, bytes, rest);
                Pointers[lane] = ResolveOne(address, bytes, lane);
                if (Pointers[lane] is null)
                {
                    Fault(DeviceFaultKind.IllegalAddress, instruction, rest, $"illegal address 0x{address:x}, {bytes} bytes", address);
                }
            }
            else
            {
                Pointers[lane] = DevicePointer(instruction, ref cache, address, bytes, rest);
            }
        }
    }

    private void FaultInWindow(Instruction* instruction, ulong* addresses, ulong offset, uint mask, uint bytes, ulong size, string space)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            ulong address = addresses[BitOperations.TrailingZeroCount(rest)] + offset;
            CheckAlignment(instruction, address, bytes, rest);
            if (!Fits(address, bytes, size))
            {
                string detail = $"illegal {space} address 0x{address:x}, {bytes} bytes of {size}";
                Fault(DeviceFaultKind.IllegalAddress, instruction, rest, detail, address);
            }
        }
    }
}
