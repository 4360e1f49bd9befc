using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace CudaRpc.Simulator.Objects;

/// <summary>
/// What the handles of one driver stand for. A handle is never given out twice, so a stale one is recognised. Safe from any thread.
/// </summary>
internal sealed class HandleTable(SimulatedGpu gpu)
{
    private const int MaxHandles = 1 << 20;

    private readonly ConcurrentDictionary<nint, object> _objects = new();
    private int _count;

    public int Count => Volatile.Read(ref _count); // Pairs with the increments and decrements below.

    /// <summary>A new handle, or 0 if the driver has too many.</summary>
    public nint Add(object target)
    {
        if (Interlocked.Increment(ref _count) > MaxHandles)
        {
            Interlocked.Decrement(ref _count);
            return 0;
        }
        nint handle = gpu.NextHandle();
        _objects[handle] = target;
        return handle;
    }

    public bool TryGet<T>(nint handle, [NotNullWhen(true)] out T? target)
        where T : class
    {
        target = _objects.TryGetValue(handle, out object? found) ? found as T : null;
        return target is not null;
    }

    /// <summary>Takes the handle out; of several callers only one succeeds.</summary>
    public bool Remove<T>(nint handle, [NotNullWhen(true)] out T? target)
        where T : class
    {
        if (!TryGet(handle, out target) || !_objects.TryRemove(handle, out _))
        {
            target = null;
            return false;
        }
        Interlocked.Decrement(ref _count);
        return true;
    }

    /// <summary>Everything of one kind.</summary>
    public IEnumerable<T> All<T>()
        where T : class => _objects.Values.OfType<T>();

    /// <summary>Takes out every handle whose object satisfies the condition.</summary>
    public void RemoveWhere(Func<object, bool> condition)
    {
        foreach ((nint handle, object target) in _objects)
        {
            if (condition(target))
            {
                Remove<object>(handle, out _);
            }
        }
    }
}
