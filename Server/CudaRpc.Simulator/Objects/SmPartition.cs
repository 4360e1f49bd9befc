using System.Numerics;

namespace CudaRpc.Simulator.Objects;

/// <summary>Some multiprocessors of a device: what a CUdevResource of the simulated GPU stands for. One bit for each.</summary>
internal readonly record struct SmPartition(int Device, ulong Bits)
{
    /// <summary>Multiprocessors that share a unit of scheduling: partitions are whole units, unless they give up clusters.</summary>
    public const uint CoscheduledUnit = 8;

    private const uint SmallestUnit = 2;

    // Where the opaque part holds them; the number says that the bytes are ours.
    private const ulong Magic = 0x5d5f_6d73_6d69_7301;
    private const int MagicAt = 0, DeviceAt = 8, BitsAt = 16;

    public uint Count => (uint)BitOperations.PopCount(Bits);

    public static SmPartition Whole(int device) => new(device, (1UL << DeviceAttributes.Multiprocessors) - 1);

    /// <summary>The form that programs see; without multiprocessors it is of no type.</summary>
    public unsafe CUdevResource_v1 Describe()
    {
        CUdevResource_v1 resource = default;
        if (Bits == 0)
        {
            return resource;
        }
        resource.type = CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM;
        resource.sm.smCount = Count;
        resource.sm.minSmPartitionSize = CoscheduledUnit;
        resource.sm.smCoscheduledAlignment = CoscheduledUnit;
        // SAFETY: the opaque part has room for all three, and any alignment will do.
        *(ulong*)(resource._internal_padding + MagicAt) = Magic;
        *(int*)(resource._internal_padding + DeviceAt) = Device;
        *(ulong*)(resource._internal_padding + BitsAt) = Bits;
        return resource;
    }

    /// <summary>False for what no function of the driver has written, or what was changed since.</summary>
    public static unsafe bool TryRead(CUdevResource_v1* resource, out SmPartition partition)
    {
        byte* opaque = resource->_internal_padding;
        partition = new SmPartition(*(int*)(opaque + DeviceAt), *(ulong*)(opaque + BitsAt));
        return resource->type == CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM && *(ulong*)(opaque + MagicAt) == Magic
            && partition.Bits != 0 && partition.Count == resource->sm.smCount;
    }

    /// <summary>Multiprocessors of one group that has at least <paramref name="minimum"/>.</summary>
    public static uint GroupSize(uint minimum, CUdevSmResourceSplit_flags flags)
    {
        uint unit = (flags & CUdevSmResourceSplit_flags.CU_DEV_SM_RESOURCE_SPLIT_IGNORE_SM_COSCHEDULING) != 0 ? SmallestUnit : CoscheduledUnit;
        return minimum == 0 ? unit : (uint)Math.Min(((ulong)minimum + unit - 1) / unit * unit, uint.MaxValue);
    }

    /// <summary>The first <paramref name="count"/> multiprocessors, which leave this partition.</summary>
    public SmPartition Take(uint count, out SmPartition rest)
    {
        ulong taken = 0, left = Bits;
        for (uint i = 0; i < count; i++)
        {
            ulong lowest = left & (~left + 1);
            taken |= lowest;
            left ^= lowest;
        }
        rest = this with { Bits = left };
        return this with { Bits = taken };
    }
}
