using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using CudaRpc.Client;
using CudaRpc.Images;

namespace CudaRpc.Server;

/// <summary>A module image as a client sent or named it.</summary>
internal unsafe struct ServerImage
{
    private const int HashBytes = 32;

    // Keeps a cached image where it is.
    private byte[]? _cached;
    private byte* _bytes;
    private nuint _length;
    private ulong* _parts;
    private nuint _partCount;
    private byte* _hash;

    /// <summary>Whether the server has the image; if not, the client has to send it.</summary>
    public readonly bool IsKnown => _bytes != null;

    /// <summary>The image's bytes, without what the driver needs around them.</summary>
    public readonly ReadOnlySpan<byte> Bytes => new(_bytes, (int)_length);

    /// <summary>Reads the arguments that say which image it is.</summary>
    public static ServerImage Read(ref ServerCall call)
    {
        var image = new ServerImage { _length = call.ReadNUInt() };
        image._parts = call.ReadArray<ulong>(out image._partCount);
        image._hash = call.ReadArray<byte>(out nuint hashLength, optional: true);
        bool hasBytes = call.ReadBoolean();
        if (image._partCount > OutgoingImage.MaximumParts || image._length is 0 or > int.MaxValue || (image._hash != null && hashLength != HashBytes)
            || (image._hash == null && !hasBytes))
        {
            call.Malformed($"an image of {image._length} bytes in {image._partCount} parts with a hash of {hashLength} bytes");
        }

        if (hasBytes)
        {
            image._bytes = call.ReadBulk(image._length);
            image.Keep(ref call);
        }
        else
        {
            image._cached = call.Session.Images.Find(new ReadOnlySpan<byte>(image._hash, HashBytes));
            image._bytes = image._cached?.Length == (int)image._length ? (byte*)Unsafe.AsPointer(ref image._cached[0]) : null;
        }

        return image;
    }

    /// <summary>What to give the driver; null if the image is not what it says.</summary>
    public readonly byte* Prepare(ref ServerCall call)
    {
        if (_partCount == 0)
        {
            return ImageFormat.IsComplete(Bytes) ? _bytes : null;
        }

        // The wrapper of executables, with pointers of this process: magic, version, linked image, list of parts.
        byte* wrapper = call.Scratch<byte>(24);
        byte** list = (byte**)call.Scratch<nint>(_partCount);
        ulong end = 0;
        for (nuint index = 0; index < _partCount; index++)
        {
            ulong start = OutgoingImage.NextPart(end);
            ulong length = _parts[index];
            if (start > _length || length > _length - start)
            {
                return null;
            }

            byte* part = length == 0 ? null : _bytes + start;
            var bytes = new ReadOnlySpan<byte>(part, (int)length);
            bool mayLack = index == 0 && length == 0;
            if (!mayLack && (!ImageFormat.IsFatBinary(bytes) || !ImageFormat.IsComplete(bytes)))
            {
                return null;
            }

            if (index == 0)
            {
                *(byte**)(wrapper + 8) = part;
            }
            else
            {
                list[index - 1] = part;
            }

            end = start + length;
        }

        *(uint*)wrapper = ImageFormat.WrapperMagic;
        *(uint*)(wrapper + 4) = ImageFormat.WrapperLinked;
        *(byte***)(wrapper + 16) = list;
        return wrapper;
    }

    /// <summary>The parameter layouts of its kernels, as far as the image tells them.</summary>
    public readonly Dictionary<string, List<ParameterLayout>>? ReadLayouts()
    {
        if (_partCount == 0)
        {
            return KernelLayouts.Read(Bytes);
        }

        var layouts = new Dictionary<string, List<ParameterLayout>>();
        ulong end = 0;
        for (nuint index = 0; index < _partCount; index++)
        {
            ulong start = OutgoingImage.NextPart(end);
            end = start + _parts[index];
            foreach ((string name, List<ParameterLayout> layout) in KernelLayouts.Read(Bytes[(int)start..(int)end]) ?? [])
            {
                layouts.TryAdd(name, layout);
            }
        }

        return layouts;
    }

    /// <summary>The driver has taken the image.</summary>
    public readonly void Release() => GC.KeepAlive(_cached);

    // Only what is what it says may be found by its hash.
    private readonly void Keep(ref ServerCall call)
    {
        if (_hash == null)
        {
            return;
        }

        Span<byte> actual = stackalloc byte[HashBytes];
        SHA256.HashData(Bytes, actual);
        var claimed = new ReadOnlySpan<byte>(_hash, HashBytes);
        if (!actual.SequenceEqual(claimed))
        {
            call.Malformed("an image under another's hash");
        }

        call.Session.Images.Add(claimed, Bytes);
    }
}
