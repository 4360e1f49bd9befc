using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>
/// The device resources that a session has been told of. Their opaque part is the driver's and does not leave: in its place the client gets a
/// number, and what it sends back must be what it got. Any thread.
/// </summary>
internal sealed unsafe class DevResources
{
    private const int Limit = 4096;

    private readonly Lock _lock = new();
    private readonly List<CUdevResource_v1> _known = [];

    /// <summary>Puts a number in place of the opaque part. False if the session has too many.</summary>
    public bool TryHide(CUdevResource_v1* resource)
    {
        if (resource->type == CUdevResourceType.CU_DEV_RESOURCE_TYPE_INVALID)
        {
            *resource = default;
            return true;
        }

        lock (_lock)
        {
            int index = 0;
            ReadOnlySpan<CUdevResource_v1> known = CollectionsMarshal.AsSpan(_known);
            while (index < known.Length && !Bytes(in known[index]).SequenceEqual(Bytes(in *resource)))
            {
                index++;
            }

            if (index == known.Length)
            {
                if (index == Limit)
                {
                    return false;
                }

                _known.Add(*resource);
            }

            *resource = Shown(in *resource, index);
            return true;
        }
    }

    /// <summary>Puts the opaque part back. False for anything but what <see cref="TryHide"/> made.</summary>
    public bool TryResolve(CUdevResource_v1* resource)
    {
        int index = *(int*)resource->_internal_padding - 1;
        lock (_lock)
        {
            if ((uint)index >= (uint)_known.Count)
            {
                return false;
            }

            CUdevResource_v1 original = _known[index], shown = Shown(in original, index);
            if (!Bytes(in shown).SequenceEqual(Bytes(in *resource)))
            {
                return false;
            }

            *resource = original;
            return true;
        }
    }

    private static CUdevResource_v1 Shown(in CUdevResource_v1 original, int index)
    {
        var shown = new CUdevResource_v1 { type = original.type, sm = original.sm };
        // SAFETY: the opaque part is 92 bytes.
        *(int*)shown._internal_padding = index + 1;
        return shown;
    }

    private static ReadOnlySpan<byte> Bytes(ref readonly CUdevResource_v1 resource) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<CUdevResource_v1>(in resource));
}
