namespace CudaRpc.Simulator.Textures;

/// <summary>
/// Size and format of a CUDA array: what a descriptor says. A height of 0 makes it one-dimensional, a depth of 0 two-dimensional; layered,
/// the depth is the number of layers, of a cubemap six for each.
/// </summary>
internal readonly record struct ArrayShape(ulong Width, ulong Height, ulong Depth, CUarray_format Format, uint Channels, uint Flags)
{
    public const uint Layered = 1, SurfaceLoadStore = 2, Cubemap = 4, Gather = 8, DepthTexture = 16, ColorAttachment = 32, Sparse = 64, Deferred = 128;

    public bool IsLayered => (Flags & Layered) != 0;

    public bool IsCubemap => (Flags & Cubemap) != 0;

    public TexelFormat Texels => TexelFormat.TryFind(Format, Channels, out TexelFormat format) ? format : default;

    /// <summary>Bytes of a row; rows follow one another without gaps.</summary>
    public ulong RowBytes => Width * (ulong)Texels.Bytes;

    public ulong Rows => Math.Max(Height, 1);

    public ulong SliceBytes => RowBytes * Rows;

    public ulong Slices => Math.Max(Depth, 1);

    public ulong Bytes => SliceBytes * Slices;

    /// <summary>The most levels a mipmap of this shape can have.</summary>
    public uint MaximumLevels
    {
        get
        {
            ulong largest = Math.Max(Width, Math.Max(Height, IsLayered || IsCubemap ? 0 : Depth));
            return (uint)(64 - System.Numerics.BitOperations.LeadingZeroCount(largest));
        }
    }

    /// <summary>The shape of a mipmap level: halves, but not the layers.</summary>
    public ArrayShape Level(uint level) => this with
    {
        Width = Math.Max(Width >> (int)level, 1),
        Height = Height == 0 ? 0 : Math.Max(Height >> (int)level, 1),
        Depth = Depth == 0 || IsLayered || IsCubemap ? Depth : Math.Max(Depth >> (int)level, 1),
    };

    /// <summary>What creating such an array answers before memory is looked for.</summary>
    public CUresult Check()
    {
        if (Width == 0 || !IsKnown(Format) || Flags > 0x1ff)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if ((Flags & (Sparse | Deferred)) != 0 || !TexelFormat.TryFind(Format, Channels, out _))
        {
            // A format that exists, in a number of channels that does not: that is wrong; formats of blocks and planes are only not here.
            return (Flags & (Sparse | Deferred)) == 0 && TexelFormat.IsSupported(Format) ? CUDA_ERROR_INVALID_VALUE : CUDA_ERROR_NOT_SUPPORTED;
        }
        if ((IsCubemap || IsLayered) && Depth == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (IsCubemap && (Width != Height || (IsLayered ? Depth % 6 != 0 : Depth != 6)))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (!IsLayered && !IsCubemap && Depth != 0 && Height == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if ((Flags & Gather) != 0 && (Height == 0 || (Depth != 0 && !IsLayered)))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return FitsLimits() ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }

    private bool FitsLimits()
    {
        (ulong width, ulong height, ulong depth) limit = (IsLayered, IsCubemap, Height, Depth) switch
        {
            (_, true, _, _) => (32768ul, 32768ul, 2046ul),
            (true, _, 0, _) => (32768ul, 0ul, 2048ul),
            (true, _, _, _) => (32768ul, 32768ul, 2048ul),
            (_, _, 0, 0) => (131072ul, 0ul, 0ul),
            (_, _, _, 0) => (131072ul, 65536ul, 0ul),
            _ => (16384ul, 16384ul, 16384ul),
        };
        return Width <= limit.width && Height <= limit.height && Depth <= limit.depth;
    }

    private static bool IsKnown(CUarray_format format) => format != CUarray_format.CU_AD_FORMAT_MAX && Enum.IsDefined(format);
}
