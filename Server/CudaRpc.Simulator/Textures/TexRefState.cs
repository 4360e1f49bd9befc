namespace CudaRpc.Simulator.Textures;

/// <summary>All that is set in a texture reference. Immutable.</summary>
internal sealed record TexRefState
{
    public CUarray_format Format { get; init; } = CUarray_format.CU_AD_FORMAT_FLOAT;

    public int Channels { get; init; } = 1;

    public SamplerState Sampler { get; init; } = new();

    public uint Anisotropy { get; init; }

    /// <summary>Handle of the array it is bound to, 0 for none.</summary>
    public nint Array { get; init; }

    /// <summary>Handle of the mipmapped array it is bound to, 0 for none.</summary>
    public nint Mipmap { get; init; }

    /// <summary>Address of the memory it is bound to, 0 for none.</summary>
    public ulong Address { get; init; }

    /// <summary>Bytes of the memory.</summary>
    public nuint Bytes { get; init; }

    /// <summary>Texels of a row of pitched memory, 0 for linear memory.</summary>
    public nuint Width { get; init; }

    public nuint Height { get; init; }

    public nuint Pitch { get; init; }

    /// <summary>Images of the array.</summary>
    public TexelImage[] Levels { get; init; } = [];

    /// <summary>What it is bound to, taken off.</summary>
    public TexRefState Unbound => this with { Array = 0, Mipmap = 0, Address = 0, Bytes = 0, Width = 0, Height = 0, Pitch = 0, Levels = [] };

    /// <summary>What kernels sample; null where it is bound to nothing or cannot be read so.</summary>
    public TextureObject? Texture()
    {
        if (Address == 0)
        {
            return Levels.Length == 0 ? null : new TextureObject(Levels, Sampler, IsLinearMemory: false);
        }
        if (!TexelFormat.TryFind(Format, (uint)Channels, out TexelFormat texels))
        {
            return null;
        }
        ulong texel = (ulong)texels.Bytes;
        TexelImage image = Width == 0
            ? new TexelImage(null, false, Address, texels, (uint)(Bytes / texel), 1, 1, Bytes, Bytes)
            : new TexelImage(null, false, Address, texels, (uint)Width, (uint)Height, 1, Pitch, Pitch * Height);
        return new TextureObject([image], Sampler, IsLinearMemory: Width == 0);
    }
}
