using static CudaRpc.Driver.CUmem_range_attribute;

namespace CudaRpc.Driver.Managed;

/// <summary>One allocation of managed memory and what was advised for each of its pages. Not safe from several threads.</summary>
internal sealed class ManagedRange
{
    private const ulong Page = 4096;

    // Ascending by start; each piece reaches to the next one's start, the last one to the end.
    private readonly List<(ulong Start, ManagedAdvice Advice)> _pieces;

    public ManagedRange(ulong start, ulong bytes)
    {
        (Start, Bytes) = (start, bytes);
        _pieces = [(start, default)];
    }

    public ulong Start { get; }

    public ulong Bytes { get; }

    public bool Contains(ulong address, ulong bytes) => address - Start < Bytes && bytes <= Bytes - (address - Start);

    /// <summary>Changes what is advised for the pages of a part of the range.</summary>
    public void Advise(ulong start, ulong bytes, Func<ManagedAdvice, ManagedAdvice> change)
    {
        (int first, int end) = Cut(start, bytes);
        for (int index = first; index < end; index++)
        {
            _pieces[index] = (_pieces[index].Start, change(_pieces[index].Advice));
        }

        for (int index = Math.Min(end, _pieces.Count - 1); index > 0 && index >= first; index--)
        {
            if (_pieces[index].Advice == _pieces[index - 1].Advice)
            {
                _pieces.RemoveAt(index);
            }
        }
    }

    /// <summary>Writes an attribute of the pages of a part of the range; one on which they differ is as if nothing had been said.</summary>
    public unsafe CUresult Read(void* data, nuint dataSize, CUmem_range_attribute attribute, ulong start, ulong bytes)
    {
        if (attribute == CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY)
        {
            return ReadAccessedBy((int*)data, dataSize, start, bytes);
        }

        if (data == null || dataSize != sizeof(int))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        MemoryLocation preferred = Common(start, bytes, static advice => advice.Preferred);
        MemoryLocation prefetched = Common(start, bytes, static advice => advice.Prefetched);
        switch (attribute)
        {
            case CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY:
                *(int*)data = Common(start, bytes, static advice => advice.ReadMostly) ? 1 : 0;
                break;
            case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION:
                *(int*)data = preferred.Device;
                break;
            case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION:
                *(int*)data = prefetched.Device;
                break;
            case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_TYPE:
                *(int*)data = (int)preferred.Type;
                break;
            case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_ID:
                *(int*)data = preferred.Id;
                break;
            case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_TYPE:
                *(int*)data = (int)prefetched.Type;
                break;
            case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_ID:
                *(int*)data = prefetched.Id;
                break;
            default:
                return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        return CUresult.CUDA_SUCCESS;
    }

    private unsafe CUresult ReadAccessedBy(int* data, nuint dataSize, ulong start, ulong bytes)
    {
        if (data == null || dataSize == 0 || dataSize % sizeof(int) != 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        ulong devices = Parts(start, bytes).Aggregate(ulong.MaxValue, static (all, advice) => all & advice.AccessedBy);
        nuint room = dataSize / sizeof(int);
        nuint written = 0;
        if (written < room && Parts(start, bytes).All(static advice => advice.AccessedByHost))
        {
            data[written++] = MemoryLocation.Cpu;
        }

        for (int device = 0; written < room && device < 64; device++)
        {
            if ((devices >> device & 1) != 0)
            {
                data[written++] = device;
            }
        }

        new Span<int>(data + written, checked((int)(room - written))).Fill(MemoryLocation.Nowhere);
        return CUresult.CUDA_SUCCESS;
    }

    private T Common<T>(ulong start, ulong bytes, Func<ManagedAdvice, T> select)
        where T : struct, IEquatable<T>
    {
        T[] values = [.. Parts(start, bytes).Select(select).Distinct()];
        return values.Length == 1 ? values[0] : default;
    }

    // What is advised for each piece that a part of the range touches.
    private IEnumerable<ManagedAdvice> Parts(ulong start, ulong bytes)
    {
        for (int index = 0; index < _pieces.Count; index++)
        {
            ulong end = index + 1 < _pieces.Count ? _pieces[index + 1].Start : Start + Bytes;
            if (_pieces[index].Start < start + bytes && start < end)
            {
                yield return _pieces[index].Advice;
            }
        }
    }

    // Makes pieces begin and end at a part's first and behind its last page: their indices.
    private (int First, int End) Cut(ulong start, ulong bytes)
    {
        ulong from = Math.Max(Start, start & ~(Page - 1));
        ulong to = Math.Min(Start + Bytes, (start + bytes + Page - 1) & ~(Page - 1));
        int first = CutAt(from);
        return (first, to == Start + Bytes ? _pieces.Count : CutAt(to));
    }

    private int CutAt(ulong address)
    {
        int index = _pieces.FindLastIndex(piece => piece.Start <= address);
        if (_pieces[index].Start == address)
        {
            return index;
        }

        _pieces.Insert(index + 1, (address, _pieces[index].Advice));
        return index + 1;
    }
}
