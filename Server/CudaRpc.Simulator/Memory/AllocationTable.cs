namespace CudaRpc.Simulator.Memory;

/// <summary>An immutable view of the allocations, sorted by address: readers search it without a lock.</summary>
internal sealed class AllocationTable(Allocation[] entries, int count)
{
    public Allocation[] Entries { get; } = entries;

    public int Count { get; } = count;

    /// <summary>Index of the last entry whose base is not above <paramref name="address"/>, or -1.</summary>
    public int LastAtOrBelow(ulong address)
    {
        int low = 0;
        int high = Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (Entries[middle].Base <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high;
    }
}
