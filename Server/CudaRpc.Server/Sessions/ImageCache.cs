using System.Runtime.CompilerServices;

namespace CudaRpc.Server;

/// <summary>
/// Module images that clients have sent, by their SHA-256: whoever names one need not send it. Shared by all sessions of a server; the least recently
/// used go when there are too many bytes. An image in use stays valid for as long as it is referenced. Any thread.
/// </summary>
internal sealed unsafe class ImageCache(long capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, LinkedListNode<(Key Hash, byte[] Image)>> _byHash = [];

    // The most recently used first.
    private readonly LinkedList<(Key Hash, byte[] Image)> _byUse = new();
    private long _bytes;

    /// <summary>Images kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byHash.Count;
            }
        }
    }

    /// <summary>Bytes kept.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>The image, pinned, or null.</summary>
    public byte[]? Find(ReadOnlySpan<byte> hash)
    {
        lock (_lock)
        {
            if (!_byHash.TryGetValue(Key.Of(hash), out LinkedListNode<(Key, byte[] Image)>? node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Image;
        }
    }

    /// <summary>Keeps a copy of an image whose hash the caller has computed.</summary>
    public void Add(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> image)
    {
        if (image.Length > capacity)
        {
            return;
        }

        byte[] copy = GC.AllocateUninitializedArray<byte>(image.Length, pinned: true);
        image.CopyTo(copy);
        var key = Key.Of(hash);
        lock (_lock)
        {
            if (_byHash.ContainsKey(key))
            {
                return;
            }

            _byHash.Add(key, _byUse.AddFirst((key, copy)));
            _bytes += copy.Length;
            while (_bytes > capacity)
            {
                (Key oldest, byte[] dropped) = _byUse.Last!.Value;
                _byUse.RemoveLast();
                _byHash.Remove(oldest);
                _bytes -= dropped.Length;
            }
        }
    }

    private readonly record struct Key(UInt128 High, UInt128 Low)
    {
        public static Key Of(ReadOnlySpan<byte> hash) =>
            new(Unsafe.ReadUnaligned<UInt128>(in hash[0]), Unsafe.ReadUnaligned<UInt128>(in hash[16]));
    }
}
