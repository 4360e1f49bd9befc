using System.Numerics;

namespace CudaRpc.Simulator.Textures;

/// <summary>How a texture is read: the parts of a texture description that change results. Anisotropy changes none here.</summary>
internal sealed record SamplerState
{
    public const uint ReadAsIntegerFlag = 1, NormalizedFlag = 2, SrgbFlag = 16, KnownFlags = 1 | 2 | 16 | 32 | 64;

    public CUaddress_mode AddressX { get; init; } = CUaddress_mode.CU_TR_ADDRESS_MODE_CLAMP;

    public CUaddress_mode AddressY { get; init; } = CUaddress_mode.CU_TR_ADDRESS_MODE_CLAMP;

    public CUaddress_mode AddressZ { get; init; } = CUaddress_mode.CU_TR_ADDRESS_MODE_CLAMP;

    public CUfilter_mode Filter { get; init; }

    public CUfilter_mode MipmapFilter { get; init; }

    public uint Flags { get; init; }

    public float LevelBias { get; init; }

    public float LeastLevel { get; init; }

    public float GreatestLevel { get; init; }

    public Vector4 Border { get; init; }

    public bool IsLinear => Filter == CUfilter_mode.CU_TR_FILTER_MODE_LINEAR;

    /// <summary>Whether coordinates are from 0 to 1 rather than texels.</summary>
    public bool IsNormalized => (Flags & NormalizedFlag) != 0;

    public bool ReadsIntegers => (Flags & ReadAsIntegerFlag) != 0;

    public bool IsSrgb => (Flags & SrgbFlag) != 0;

    /// <summary>Whether texels of a format come out as integers.</summary>
    public bool GivesIntegers(TexelFormat format) => !format.IsFloat && (ReadsIntegers || format.ChannelBytes == 4);
}
