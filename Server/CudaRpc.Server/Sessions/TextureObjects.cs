using System.Collections.Concurrent;
using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>
/// The texture and surface objects of a session. They are the driver's numbers, which other sessions may guess: so what a session may
/// destroy, and what its end destroys, is what it made. Any thread.
/// </summary>
internal sealed class TextureObjects(int limit)
{
    private readonly ConcurrentDictionary<(bool IsSurface, ulong Number), nint> _contexts = new();
    private int _count;

    /// <summary>Objects alive.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether one more is within the session's limit.</summary>
    public bool HasRoom => Count < limit;

    /// <summary>Notes an object of the driver's context <paramref name="context"/>.</summary>
    public void Add(bool isSurface, ulong number, nint context)
    {
        _contexts[(isSurface, number)] = context;
        Interlocked.Increment(ref _count);
    }

    /// <summary>Takes an object out; of several callers one succeeds, and none where it is not the session's.</summary>
    public bool Remove(bool isSurface, ulong number, out nint context)
    {
        bool removed = _contexts.TryRemove((isSurface, number), out context);
        if (removed)
        {
            Interlocked.Decrement(ref _count);
        }

        return removed;
    }

    /// <summary>Forgets the objects of a context that has ended.</summary>
    public void RemoveContext(nint context) => RemoveContext(context, driver: null);

    /// <summary>Destroys the objects made in a context that goes on without the session.</summary>
    public void DestroyContext(nint context, CudaDriver driver) => RemoveContext(context, driver);

    private void RemoveContext(nint context, CudaDriver? driver)
    {
        foreach (((bool isSurface, ulong number), nint owner) in _contexts)
        {
            if (owner == context && Remove(isSurface, number, out _) && driver is not null)
            {
                _ = isSurface ? driver.cuSurfObjectDestroy(number) : driver.cuTexObjectDestroy(number);
            }
        }
    }
}
