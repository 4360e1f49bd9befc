namespace CudaRpc.Client;

/// <summary>The host memory that the driver knows, by address. Readers take no lock: every launch looks here. Any thread.</summary>
internal sealed class HostBlocks
{
    private readonly Lock _lock = new();
    private volatile HostBlock[] _blocks = [];

    // Twins that could not have their memory's address: rare, so they are searched one by one.
    private volatile HostBlock[] _displaced = [];

    public bool IsEmpty => _blocks.Length == 0;

    /// <summary>The blocks, ascending by address. Not to be changed.</summary>
    public HostBlock[] All => _blocks;

    /// <summary>Adds a block; false if it overlaps one that is there.</summary>
    public bool TryAdd(HostBlock block)
    {
        lock (_lock)
        {
            HostBlock[] blocks = _blocks;
            int after = IndexAfter(blocks, block.Start);
            bool free = (after == 0 || block.Start - blocks[after - 1].Start >= blocks[after - 1].Bytes)
                && (after == blocks.Length || blocks[after].Start - block.Start >= block.Bytes);
            if (free)
            {
                _blocks = [.. blocks[..after], block, .. blocks[after..]];
            }

            return free;
        }
    }

    /// <summary>Takes out the block of a kind that begins at the address. Of several callers only one succeeds.</summary>
    public bool TryRemove(ulong start, HostBlockKind kind, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HostBlock? block)
    {
        lock (_lock)
        {
            block = Find(_blocks, start);
            if (block is null || block.Start != start || block.Kind != kind)
            {
                block = null;
                return false;
            }

            HostBlock removed = block;
            _blocks = [.. _blocks.Where(other => other != removed)];
            _displaced = [.. _displaced.Where(other => other != removed)];
            return true;
        }
    }

    /// <summary>The twin has another address than the memory.</summary>
    public void AddDisplaced(HostBlock block)
    {
        lock (_lock)
        {
            _displaced = [.. _displaced, block];
        }
    }

    /// <summary>The block that contains an address, the program's or the twin's.</summary>
    public HostBlock? Find(ulong address)
    {
        HostBlock[] blocks = _blocks;
        if (blocks.Length == 0)
        {
            return null;
        }

        if (Find(blocks, address) is HostBlock found)
        {
            return found;
        }

        foreach (HostBlock block in _displaced)
        {
            if (block.IsTwin(address))
            {
                return block;
            }
        }

        return null;
    }

    private static HostBlock? Find(HostBlock[] blocks, ulong address)
    {
        // Most words that are looked up are no address of a block at all.
        if (blocks.Length == 0 || address < blocks[0].Start || address >= blocks[^1].Start + blocks[^1].Bytes)
        {
            return null;
        }

        int after = IndexAfter(blocks, address);
        return after > 0 && blocks[after - 1].Contains(address) ? blocks[after - 1] : null;
    }

    // Index of the first block that starts above the address.
    private static int IndexAfter(HostBlock[] blocks, ulong address)
    {
        int low = 0;
        int high = blocks.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = blocks[middle].Start <= address ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
