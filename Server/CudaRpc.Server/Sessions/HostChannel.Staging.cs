using System.Numerics;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// Staging memory: kept for the next copy of its size and context, because page-locking takes a driver far longer than a small copy.
internal sealed unsafe partial class HostChannel
{
    private const nuint SmallestStaging = 64 << 10;
    private const uint Portable = 1; // CU_MEMHOSTREGISTER_PORTABLE

    private readonly HashSet<HostStaging> _staging = [];
    private readonly Dictionary<(nint Context, nuint Capacity), Stack<HostStaging>> _free = [];
    private long _stagedBytes;

    /// <summary>
    /// Memory for a copy of <paramref name="length"/> bytes between the device and a client's region; the context must be current. Null
    /// where the session stages as much as it may.
    /// </summary>
    public HostStaging? Rent(CudaDriver driver, nint context, long region, nuint length)
    {
        if (length > ProtocolLimits.DeferredCopy)
        {
            return null;
        }

        nuint capacity = nuint.Max(SmallestStaging, BitOperations.RoundUpToPowerOf2(length));
        HostStaging staging;
        lock (_lock)
        {
            if (_closed)
            {
                return null;
            }

            if (_free.TryGetValue((context, capacity), out Stack<HostStaging>? free) && free.TryPop(out HostStaging? kept))
            {
                (kept.Region, kept.Length) = (region, length);
                return kept;
            }

            if (_stagedBytes + (long)capacity > ProtocolLimits.Staged)
            {
                DropFree(driver);
            }

            if (_stagedBytes + (long)capacity > ProtocolLimits.Staged)
            {
                return null;
            }

            staging = new HostStaging(this, context, capacity) { Region = region, Length = length };
            _staging.Add(staging);
            _stagedBytes += (long)capacity;
        }

        // Where it is refused the memory stays pageable, and copies are right but wait.
        _ = driver.cuMemHostRegister_v2(staging.Bytes, capacity, Portable);
        return staging;
    }

    /// <summary>Memory for a piece of a copy that the calling thread fills or sends itself: nobody frees it before <see cref="Settle"/>.</summary>
    public HostStaging? Borrow(CudaDriver driver, nint context, nuint length)
    {
        HostStaging? staging = Rent(driver, context, region: 0, length);
        lock (_lock)
        {
            // Its context may have ended just now.
            if (staging is { IsDropped: true })
            {
                return null;
            }

            if (staging is not null)
            {
                staging.IsQueued = true;
            }
        }

        return staging;
    }

    /// <summary>The calling thread does not touch the memory any more; if its context has ended meanwhile, it is gone.</summary>
    public void Settle(HostStaging staging)
    {
        lock (_lock)
        {
            staging.IsQueued = false;
            if (staging.IsDropped)
            {
                staging.Free();
            }
        }
    }

    /// <summary>The copy is over, or was not begun.</summary>
    public void GiveBack(HostStaging staging)
    {
        lock (_lock)
        {
            if (staging.IsDropped)
            {
                staging.Free();
                return;
            }

            if (!_free.TryGetValue((staging.Context, staging.Capacity), out Stack<HostStaging>? free))
            {
                _free[(staging.Context, staging.Capacity)] = free = new Stack<HostStaging>();
            }

            staging.Region = 0;
            free.Push(staging);
        }
    }

    /// <summary>
    /// A context has ended, or goes on without the session and is current. In the second case, given by <paramref name="survivor"/>, what was
    /// begun in it is waited for, and what the session has page-locked there is let go.
    /// </summary>
    public void ReleaseContext(nint context, CudaDriver? survivor)
    {
        HostStaging[] ending;
        HostFunction[] functions;
        lock (_lock)
        {
            ending = [.. _staging.Where(staging => staging.Context == context)];
            functions = [.. _functions.Where(function => context != 0 && function.Context == context && function.IsLast)];
            foreach ((nint Context, nuint) key in _free.Keys.Where(key => key.Context == context).ToArray())
            {
                _free.Remove(key);
            }
        }

        if (survivor is not null && ending.Length + functions.Length > 0)
        {
            _ = survivor.cuCtxSynchronize();
            Array.ForEach(ending, staging => survivor.cuMemHostUnregister(staging.Bytes));
        }

        lock (_lock)
        {
            // In a context that failed, what was queued never comes to its turn; the client need not wait for it any more.
            foreach (HostStaging staging in ending.Where(static staging => staging.Region != 0 && !staging.IsQueued))
            {
                Drop(staging.Region);
            }

            foreach (HostFunction function in functions.Where(_functions.Contains))
            {
                Drop(function.Callback);
                Free(function);
            }

            Array.ForEach(ending, Drop);
        }
    }

    /// <summary>Frees all memory and references. The driver makes no call with them any more, and nothing is sent.</summary>
    public void Free()
    {
        lock (_lock)
        {
            _free.Clear();
            foreach (HostStaging staging in _staging.ToArray())
            {
                staging.IsQueued = false;
                Drop(staging);
            }

            foreach (HostFunction function in _functions)
            {
                function.Free();
            }

            _functions.Clear();
        }
    }

    // What is kept but not used.
    private void DropFree(CudaDriver driver)
    {
        foreach (HostStaging staging in _free.Values.SelectMany(static free => free))
        {
            _ = driver.cuMemHostUnregister(staging.Bytes);
            Drop(staging);
        }

        _free.Clear();
    }

    private void Drop(HostStaging staging)
    {
        if (!_staging.Remove(staging))
        {
            return;
        }

        _stagedBytes -= (long)staging.Capacity;
        staging.IsDropped = true;
        if (!staging.IsQueued)
        {
            staging.Free();
        }
    }
}
