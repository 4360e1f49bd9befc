using System.Numerics;
using System.Runtime.Intrinsics;
using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Textures;

/// <summary>
/// Reads a texture at a place, as the CUDA C++ programming guide defines it (Texture Fetching): nearest texel, or linear filtering with weights
/// of eight fractional bits; address modes; mipmap levels. The results have the bits of their type: floating point or integers.
/// </summary>
internal static unsafe class TextureSampler
{
    /// <summary>Reads at floating-point coordinates. Of a volume <paramref name="slice"/> is ignored and z is a coordinate.</summary>
    /// <param name="view">What the kernel can reach.</param>
    /// <param name="texture">The texture.</param>
    /// <param name="place">Coordinates: one, two or, of a volume, three of them count.</param>
    /// <param name="dimensions">How many.</param>
    /// <param name="slice">Layer or face.</param>
    /// <param name="level">Level of detail, before bias and limits.</param>
    /// <param name="result">Four channels.</param>
    /// <returns>False where the texture's memory was freed or is beyond reach.</returns>
    public static bool TrySample(
        MemoryView view, TextureObject texture, Vector3 place, int dimensions, uint slice, float level, out Vector128<uint> result)
    {
        SamplerState sampler = texture.Sampler;
        float wanted = Math.Clamp(level + sampler.LevelBias, sampler.LeastLevel, Math.Max(sampler.LeastLevel, sampler.GreatestLevel));
        wanted = texture.Levels.Length == 1 || float.IsNaN(wanted) ? 0 : Math.Clamp(wanted, 0, texture.Levels.Length - 1);
        bool blends = sampler.MipmapFilter == CUfilter_mode.CU_TR_FILTER_MODE_LINEAR;
        int first = (int)(blends ? wanted : MathF.Floor(wanted + 0.5f));
        if (!TrySampleLevel(view, texture, texture.Levels[first], place, dimensions, slice, out result))
        {
            return false;
        }

        float weight = blends ? Weight(wanted - first) : 0;
        if (weight == 0 || sampler.GivesIntegers(texture.Levels[0].Format))
        {
            return true;
        }

        bool found = TrySampleLevel(view, texture, texture.Levels[first + 1], place, dimensions, slice, out Vector128<uint> smaller);
        result = (((1 - weight) * result.AsSingle()) + (weight * smaller.AsSingle())).AsUInt32();
        return found;
    }

    /// <summary>Reads one texel by its index, which linear memory answers with 0 outside, arrays by their address mode.</summary>
    public static bool TryFetch(
        MemoryView view, TextureObject texture, int x, int y, int z, int dimensions, uint slice, float level, out Vector128<uint> result)
    {
        TexelImage image = texture.Levels[float.IsNaN(level) ? 0 : (int)Math.Clamp(level, 0, texture.Levels.Length - 1)];
        result = default;
        byte* start = image.Resolve(view);
        if (start == null)
        {
            return false;
        }

        bool inside = (uint)x < image.Width && (uint)y < image.Height && (dimensions < 3 || (uint)z < image.Slices);
        if (texture.IsLinearMemory && !inside)
        {
            return true;
        }

        bool found = Address(texture.Sampler.AddressX, false, image.Width, ref x)
            & Address(texture.Sampler.AddressY, false, image.Height, ref y)
            & (dimensions < 3 || Address(texture.Sampler.AddressZ, false, image.Slices, ref z));
        byte* texel = found ? image.At(start, (uint)x, (uint)y, dimensions == 3 ? (uint)z : Math.Min(slice, image.Slices - 1)) : null;
        result = texture.Sampler.GivesIntegers(image.Format)
            ? Integer(texture.Sampler, image.Format, texel)
            : Single(texture.Sampler, image.Format, texel).AsVector128().AsUInt32();
        return true;
    }

    /// <summary>
    /// One channel of the four texels that linear filtering would blend, counter-clockwise from the lower left: (0, 1), (1, 1), (1, 0), (0, 0).
    /// </summary>
    public static bool TryGather(MemoryView view, TextureObject texture, Vector2 place, uint slice, int channel, out Vector128<uint> result)
    {
        TexelImage image = texture.Levels[0];
        result = default;
        byte* start = image.Resolve(view);
        if (start == null)
        {
            return false;
        }

        (int x, _) = Split(Scaled(texture.Sampler, place.X, image.Width) - 0.5f);
        (int y, _) = Split(Scaled(texture.Sampler, place.Y, image.Height) - 0.5f);
        ReadOnlySpan<(int X, int Y)> corners = [(0, 1), (1, 1), (1, 0), (0, 0)];
        for (int i = 0; i < 4; i++)
        {
            byte* texel = Find(texture.Sampler, image, start, x + corners[i].X, y + corners[i].Y, 0, 2, slice);
            uint bits = texture.Sampler.GivesIntegers(image.Format)
                ? Integer(texture.Sampler, image.Format, texel)[channel]
                : BitConverter.SingleToUInt32Bits(Single(texture.Sampler, image.Format, texel)[channel]);
            result = result.WithElement(i, bits);
        }

        return true;
    }

    /// <summary>The level of detail of a footprint: log2 of its longer side in texels of the largest level.</summary>
    public static float LevelOf(TextureObject texture, Vector3 alongX, Vector3 alongY)
    {
        TexelImage image = texture.Levels[0];
        Vector3 size = texture.Sampler.IsNormalized ? new Vector3(image.Width, image.Height, image.Slices) : Vector3.One;
        float longer = MathF.Max((alongX * size).Length(), (alongY * size).Length());
        return longer > 0 ? MathF.Log2(longer) : 0;
    }

    private static bool TrySampleLevel(
        MemoryView view, TextureObject texture, TexelImage image, Vector3 place, int dimensions, uint slice, out Vector128<uint> result)
    {
        SamplerState sampler = texture.Sampler;
        result = default;
        byte* start = image.Resolve(view);
        if (start == null)
        {
            return false;
        }

        float x = Scaled(sampler, place.X, image.Width);
        float y = dimensions > 1 ? Scaled(sampler, place.Y, image.Height) : 0;
        float z = dimensions > 2 ? Scaled(sampler, place.Z, image.Slices) : 0;
        if (sampler.GivesIntegers(image.Format) || !sampler.IsLinear)
        {
            byte* texel = Find(sampler, image, start, Split(x).Index, Split(y).Index, Split(z).Index, dimensions, slice);
            result = sampler.GivesIntegers(image.Format)
                ? Integer(sampler, image.Format, texel)
                : Single(sampler, image.Format, texel).AsVector128().AsUInt32();
            return true;
        }

        (int i, float alpha) = Split(x - 0.5f);
        (int j, float beta) = dimensions > 1 ? Split(y - 0.5f) : default;
        (int k, float gamma) = dimensions > 2 ? Split(z - 0.5f) : default;
        Vector4 sum = default;
        for (int corner = 0; corner < 1 << dimensions; corner++)
        {
            int dx = corner & 1, dy = (corner >> 1) & 1, dz = corner >> 2;
            float weight = (dx == 0 ? 1 - alpha : alpha) * (dimensions < 2 ? 1 : dy == 0 ? 1 - beta : beta)
                * (dimensions < 3 ? 1 : dz == 0 ? 1 - gamma : gamma);
            if (weight != 0)
            {
                byte* texel = Find(sampler, image, start, i + dx, j + dy, k + dz, dimensions, slice);
                sum += weight * Single(sampler, image.Format, texel);
            }
        }

        result = sum.AsVector128().AsUInt32();
        return true;
    }

    private static float Scaled(SamplerState sampler, float coordinate, uint size) => sampler.IsNormalized ? coordinate * size : coordinate;

    // Texel and weight of the next one, in 1.8 fixed point. What is no number is 0, what is beyond any image stays beyond it.
    private static (int Index, float Weight) Split(float coordinate)
    {
        if (float.IsNaN(coordinate))
        {
            return (0, 0);
        }

        float bounded = Math.Clamp(coordinate, -(1 << 24), 1 << 29);
        float index = MathF.Floor(bounded);
        return ((int)index, Weight(bounded - index));
    }

    private static float Weight(float fraction) => MathF.Floor((fraction * 256) + 0.5f) / 256;

    // The texel at an index after the address modes; null for the border.
    private static byte* Find(SamplerState sampler, in TexelImage image, byte* start, int x, int y, int z, int dimensions, uint slice)
    {
        bool found = Address(sampler.AddressX, sampler.IsNormalized, image.Width, ref x)
            && (dimensions < 2 || Address(sampler.AddressY, sampler.IsNormalized, image.Height, ref y))
            && (dimensions < 3 || Address(sampler.AddressZ, sampler.IsNormalized, image.Slices, ref z));
        uint row = dimensions < 2 ? 0 : (uint)y;
        return found ? image.At(start, (uint)x, row, dimensions == 3 ? (uint)z : Math.Min(slice, image.Slices - 1)) : null;
    }

    // False: the border. Coordinates in texels neither repeat nor mirror.
    private static bool Address(CUaddress_mode mode, bool normalized, uint size, ref int index)
    {
        int count = (int)size;
        switch (mode)
        {
            case CUaddress_mode.CU_TR_ADDRESS_MODE_BORDER:
                return (uint)index < size;
            case CUaddress_mode.CU_TR_ADDRESS_MODE_WRAP when normalized:
                index = Modulo(index, count);
                return true;
            case CUaddress_mode.CU_TR_ADDRESS_MODE_MIRROR when normalized:
                index = Modulo(index, 2 * count);
                index = index < count ? index : (2 * count) - 1 - index;
                return true;
            default:
                index = Math.Clamp(index, 0, count - 1);
                return true;
        }
    }

    private static int Modulo(int value, int modulus) => ((value % modulus) + modulus) % modulus;

    private static Vector4 Single(SamplerState sampler, TexelFormat format, byte* texel) =>
        texel == null ? sampler.Border : Texels.ReadFloat(format, texel, sampler.IsSrgb);

    // The border's bits are integers where the texels are.
    private static Vector128<uint> Integer(SamplerState sampler, TexelFormat format, byte* texel) =>
        texel == null ? sampler.Border.AsVector128().AsUInt32() : Texels.ReadInteger(format, texel);
}
