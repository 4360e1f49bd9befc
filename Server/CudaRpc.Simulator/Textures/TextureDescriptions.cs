using System.Numerics;

namespace CudaRpc.Simulator.Textures;

/// <summary>Reads and checks what programs say of textures.</summary>
internal static unsafe class TextureDescriptions
{
    /// <summary>How a texture is read; null where the description cannot be.</summary>
    public static SamplerState? Sampler(in CUDA_TEXTURE_DESC_v1 description)
    {
        bool known = (description.flags & ~SamplerState.KnownFlags) == 0 && IsFilter(description.filterMode) && IsFilter(description.mipmapFilterMode)
            && IsMode(description.addressMode0) && IsMode(description.addressMode1) && IsMode(description.addressMode2)
            && description.maxAnisotropy <= 16;
        return !known
            ? null
            : new SamplerState
            {
                AddressX = description.addressMode0,
                AddressY = description.addressMode1,
                AddressZ = description.addressMode2,
                Filter = description.filterMode,
                MipmapFilter = description.mipmapFilterMode,
                Flags = description.flags,
                LevelBias = description.mipmapLevelBias,
                LeastLevel = description.minMipmapLevelClamp,
                GreatestLevel = description.maxMipmapLevelClamp,
                Border = new Vector4(description.borderColor[0], description.borderColor[1], description.borderColor[2], description.borderColor[3]),
            };
    }

    /// <summary>Whether images can be read so: integers are not filtered, and mipmaps have fractions of the image for coordinates.</summary>
    public static bool Fits(SamplerState sampler, TexelImage[] levels, CUresourcetype type)
    {
        bool filters = sampler.IsLinear && type != CUresourcetype.CU_RESOURCE_TYPE_LINEAR;
        if (filters && sampler.GivesIntegers(levels[0].Format))
        {
            return false;
        }
        return type != CUresourcetype.CU_RESOURCE_TYPE_MIPMAPPED_ARRAY || sampler.IsNormalized || levels.Length == 1;
    }

    /// <summary>Restricts the images to what a view shows of them.</summary>
    public static CUresult View(ref TexelImage[] levels, in CUDA_RESOURCE_VIEW_DESC_v1 view)
    {
        TexelFormat format = levels[0].Format;
        if (view.format != CUresourceViewFormat.CU_RES_VIEW_FORMAT_NONE)
        {
            if (view.format >= CUresourceViewFormat.CU_RES_VIEW_FORMAT_UNSIGNED_BC1)
            {
                return Enum.IsDefined(view.format) ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE;
            }
            if (!TryFormat(view.format, out format) || format.Bytes != levels[0].Format.Bytes)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
        }
        TexelImage largest = levels[0];
        bool sized = view.width == largest.Width && (view.height == largest.Height || (view.height == 0 && largest.Height == 1));
        if (!sized || view.firstMipmapLevel > view.lastMipmapLevel || view.lastMipmapLevel >= levels.Length || view.firstLayer > view.lastLayer
            || (largest.IsLayered ? view.lastLayer >= largest.Slices : view.lastLayer != 0))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        (uint first, uint count) = (view.firstLayer, view.lastLayer - view.firstLayer + 1);
        levels = [.. levels[(int)view.firstMipmapLevel..((int)view.lastMipmapLevel + 1)].Select(level => level with
        {
            Format = format,
            Address = level.Address + (first * level.SlicePitch),
            Slices = level.IsLayered ? count : level.Slices,
        })];
        return CUDA_SUCCESS;
    }

    private static bool IsFilter(CUfilter_mode mode) => mode <= CUfilter_mode.CU_TR_FILTER_MODE_LINEAR;

    private static bool IsMode(CUaddress_mode mode) => mode <= CUaddress_mode.CU_TR_ADDRESS_MODE_BORDER;

    // UINT_1X8, 2X8, 4X8, then SINT, then 16 and 32 bits; then HALF and FLOAT.
    private static bool TryFormat(CUresourceViewFormat format, out TexelFormat found)
    {
        int index = (int)format - 1;
        found = default;
        if (index is < 0 or >= 24)
        {
            return false;
        }
        int channels = 1 << (index % 3);
        found = index < 18
            ? new TexelFormat(index / 3 % 2 == 0 ? TexelKind.Unsigned : TexelKind.Signed, 1 << (index / 6), channels)
            : index < 21 ? new TexelFormat(TexelKind.Half, 2, channels) : new TexelFormat(TexelKind.Single, 4, channels);
        return true;
    }
}
