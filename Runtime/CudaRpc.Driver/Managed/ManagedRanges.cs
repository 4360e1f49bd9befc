using System.Diagnostics.CodeAnalysis;
using static CudaRpc.Driver.CUmem_advise;

namespace CudaRpc.Driver.Managed;

/// <summary>
/// The managed memory of a program: the functions that advise about it and ask for the advice, for drivers in which it stays where it is.
/// Advice and prefetches are hints; they are checked, remembered and told again. Safe from any thread.
/// </summary>
internal sealed unsafe class ManagedRanges
{
    // More than any program gives at once; keeps a count that is garbage from being believed.
    private const ulong MaximumBatch = 1 << 20;

    private readonly Lock _lock = new();
    private readonly SortedList<ulong, ManagedRange> _ranges = [];

    public void Add(ulong start, ulong bytes)
    {
        lock (_lock)
        {
            _ranges[start] = new ManagedRange(start, bytes);
        }
    }

    public void Remove(ulong start)
    {
        lock (_lock)
        {
            _ranges.Remove(start);
        }
    }

    /// <summary>Whether all of the bytes are in one allocation.</summary>
    public bool Contains(ulong address, ulong bytes)
    {
        lock (_lock)
        {
            return TryFind(address, bytes, out _);
        }
    }

    /// <summary><c>cuMemAdvise</c>.</summary>
    public CUresult Advise(ulong address, ulong bytes, CUmem_advise advice, MemoryLocation location, int devices)
    {
        if (advice is not (CU_MEM_ADVISE_SET_READ_MOSTLY or CU_MEM_ADVISE_UNSET_READ_MOSTLY or CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION)
            && location.Check(devices) is not CUresult.CUDA_SUCCESS and var refused)
        {
            return refused;
        }

        if (ChangeOf(advice, location) is not { } change)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        lock (_lock)
        {
            if (bytes == 0 || !TryFind(address, bytes, out ManagedRange? range))
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            range.Advise(address, bytes, change);
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <summary><c>cuMemPrefetchAsync</c>, its stream apart.</summary>
    public CUresult Prefetch(ulong address, ulong bytes, MemoryLocation location, int devices)
    {
        if (location.Check(devices) is not CUresult.CUDA_SUCCESS and var refused)
        {
            return refused;
        }

        lock (_lock)
        {
            if (bytes == 0 || !TryFind(address, bytes, out ManagedRange? range))
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            range.Advise(address, bytes, advice => advice with { Prefetched = location });
            return CUresult.CUDA_SUCCESS;
        }
    }

    /// <summary><c>cuMemPrefetchBatchAsync</c>, its stream apart: a location is for the ranges from its index to the next one's.</summary>
    public CUresult Prefetch(
        CUdeviceptr* addresses, nuint* sizes, nuint count, CUmemLocation_v1* locations, nuint* indices, nuint locationCount, ulong flags, int devices)
    {
        if (locations == null || indices == null || locationCount == 0 || locationCount > count || indices[0] != 0
            || CheckBatch(addresses, sizes, count, flags) != CUresult.CUDA_SUCCESS)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        for (nuint index = 0; index < locationCount; index++)
        {
            if (index > 0 && (indices[index] <= indices[index - 1] || indices[index] >= count))
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            if (MemoryLocation.Of(locations[index]).Check(devices) is not CUresult.CUDA_SUCCESS and var refused)
            {
                return refused;
            }
        }

        nuint location = 0;
        for (nuint index = 0; index < count; index++)
        {
            location += location + 1 < locationCount && indices[location + 1] == index ? 1u : 0u;
            CUresult status = Prefetch(addresses[index].Value, sizes[index], MemoryLocation.Of(locations[location]), devices);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }
        }

        return CUresult.CUDA_SUCCESS;
    }

    /// <summary>Whether the ranges of a batch are managed memory, which is all that discarding their contents needs.</summary>
    public CUresult CheckBatch(CUdeviceptr* addresses, nuint* sizes, nuint count, ulong flags)
    {
        if (addresses == null || sizes == null || count == 0 || count > MaximumBatch || flags != 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        for (nuint index = 0; index < count; index++)
        {
            if (sizes[index] == 0 || !Contains(addresses[index].Value, sizes[index]))
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }
        }

        return CUresult.CUDA_SUCCESS;
    }

    /// <summary><c>cuMemRangeGetAttribute</c>.</summary>
    public CUresult Read(void* data, nuint dataSize, CUmem_range_attribute attribute, ulong address, ulong bytes)
    {
        lock (_lock)
        {
            return bytes != 0 && TryFind(address, bytes, out ManagedRange? range)
                ? range.Read(data, dataSize, attribute, address, bytes)
                : CUresult.CUDA_ERROR_INVALID_VALUE;
        }
    }

    /// <summary><c>cuMemRangeGetAttributes</c>.</summary>
    public CUresult Read(void** data, nuint* dataSizes, CUmem_range_attribute* attributes, nuint count, ulong address, ulong bytes)
    {
        if (data == null || dataSizes == null || attributes == null || count == 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        for (nuint index = 0; index < count; index++)
        {
            if (Read(data[index], dataSizes[index], attributes[index], address, bytes) is not CUresult.CUDA_SUCCESS and var refused)
            {
                return refused;
            }
        }

        return CUresult.CUDA_SUCCESS;
    }

    /// <summary><c>cuStreamAttachMemAsync</c>, its stream apart: a whole allocation, given by its start and 0 or its size.</summary>
    public CUresult Attach(ulong address, ulong length, uint flags, bool isDefaultStream)
    {
        bool known = flags is (uint)CUmemAttach_flags.CU_MEM_ATTACH_GLOBAL or (uint)CUmemAttach_flags.CU_MEM_ATTACH_HOST
            || (flags == (uint)CUmemAttach_flags.CU_MEM_ATTACH_SINGLE && !isDefaultStream);
        lock (_lock)
        {
            return known && _ranges.TryGetValue(address, out ManagedRange? range) && (length == 0 || length == range.Bytes)
                ? CUresult.CUDA_SUCCESS
                : CUresult.CUDA_ERROR_INVALID_VALUE;
        }
    }

    private static Func<ManagedAdvice, ManagedAdvice>? ChangeOf(CUmem_advise advice, MemoryLocation location)
    {
        bool isDevice = location.Type == CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE;
        bool isHost = location.Type == CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST;
        ulong bit = isDevice && location.Id < 64 ? 1UL << location.Id : 0;
        return advice switch
        {
            CU_MEM_ADVISE_SET_READ_MOSTLY => static old => old with { ReadMostly = true },
            CU_MEM_ADVISE_UNSET_READ_MOSTLY => static old => old with { ReadMostly = false },
            CU_MEM_ADVISE_SET_PREFERRED_LOCATION => old => old with { Preferred = location },
            CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION => static old => old with { Preferred = default },
            CU_MEM_ADVISE_SET_ACCESSED_BY when isDevice || isHost =>
                old => old with { AccessedBy = old.AccessedBy | bit, AccessedByHost = old.AccessedByHost || isHost },
            CU_MEM_ADVISE_UNSET_ACCESSED_BY when isDevice || isHost =>
                old => old with { AccessedBy = old.AccessedBy & ~bit, AccessedByHost = old.AccessedByHost && !isHost },
            _ => null,
        };
    }

    private bool TryFind(ulong address, ulong bytes, [NotNullWhen(true)] out ManagedRange? range)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _ranges.GetKeyAtIndex(middle) <= address ? (middle + 1, high) : (low, middle);
        }

        range = low == 0 ? null : _ranges.GetValueAtIndex(low - 1);
        return range is not null && range.Contains(address, bytes);
    }
}
