namespace CudaRpc.Simulator.Textures;

/// <summary>How the channels of a texel are stored and what they mean.</summary>
internal enum TexelKind
{
    Unsigned,
    Signed,
    Half,
    Single,

    /// <summary>Unsigned, read as 0 to 1.</summary>
    UnsignedNormalized,

    /// <summary>Signed, read as -1 to 1.</summary>
    SignedNormalized,
}

/// <summary>The format of one texel: one, two or four channels of 8, 16 or 32 bits.</summary>
internal readonly record struct TexelFormat(TexelKind Kind, int ChannelBytes, int Channels)
{
    public int Bytes => ChannelBytes * Channels;

    /// <summary>Whether a texture of it gives floating point without being asked to normalise.</summary>
    public bool IsFloat => Kind is not (TexelKind.Unsigned or TexelKind.Signed);

    public static bool IsSupported(CUarray_format format) => Describe(format) is not null;

    /// <summary>False where the simulator has no such format, or it has not that number of channels.</summary>
    public static bool TryFind(CUarray_format format, uint channels, out TexelFormat found)
    {
        found = default;
        if (Describe(format) is not { } known || channels is not (1 or 2 or 4) || (known.Channels != 0 && known.Channels != channels))
        {
            return false;
        }
        found = known with { Channels = (int)channels };
        return true;
    }

    // Channels 0: any number.
    private static TexelFormat? Describe(CUarray_format format) => format switch
    {
        CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8 => new(TexelKind.Unsigned, 1, 0),
        CUarray_format.CU_AD_FORMAT_UNSIGNED_INT16 => new(TexelKind.Unsigned, 2, 0),
        CUarray_format.CU_AD_FORMAT_UNSIGNED_INT32 => new(TexelKind.Unsigned, 4, 0),
        CUarray_format.CU_AD_FORMAT_SIGNED_INT8 => new(TexelKind.Signed, 1, 0),
        CUarray_format.CU_AD_FORMAT_SIGNED_INT16 => new(TexelKind.Signed, 2, 0),
        CUarray_format.CU_AD_FORMAT_SIGNED_INT32 => new(TexelKind.Signed, 4, 0),
        CUarray_format.CU_AD_FORMAT_HALF => new(TexelKind.Half, 2, 0),
        CUarray_format.CU_AD_FORMAT_FLOAT => new(TexelKind.Single, 4, 0),
        CUarray_format.CU_AD_FORMAT_UNORM_INT8X1 => new(TexelKind.UnsignedNormalized, 1, 1),
        CUarray_format.CU_AD_FORMAT_UNORM_INT8X2 => new(TexelKind.UnsignedNormalized, 1, 2),
        CUarray_format.CU_AD_FORMAT_UNORM_INT8X4 => new(TexelKind.UnsignedNormalized, 1, 4),
        CUarray_format.CU_AD_FORMAT_UNORM_INT16X1 => new(TexelKind.UnsignedNormalized, 2, 1),
        CUarray_format.CU_AD_FORMAT_UNORM_INT16X2 => new(TexelKind.UnsignedNormalized, 2, 2),
        CUarray_format.CU_AD_FORMAT_UNORM_INT16X4 => new(TexelKind.UnsignedNormalized, 2, 4),
        CUarray_format.CU_AD_FORMAT_SNORM_INT8X1 => new(TexelKind.SignedNormalized, 1, 1),
        CUarray_format.CU_AD_FORMAT_SNORM_INT8X2 => new(TexelKind.SignedNormalized, 1, 2),
        CUarray_format.CU_AD_FORMAT_SNORM_INT8X4 => new(TexelKind.SignedNormalized, 1, 4),
        CUarray_format.CU_AD_FORMAT_SNORM_INT16X1 => new(TexelKind.SignedNormalized, 2, 1),
        CUarray_format.CU_AD_FORMAT_SNORM_INT16X2 => new(TexelKind.SignedNormalized, 2, 2),
        CUarray_format.CU_AD_FORMAT_SNORM_INT16X4 => new(TexelKind.SignedNormalized, 2, 4),
        _ => null,
    };
}
