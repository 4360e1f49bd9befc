using System.Numerics;
using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Textures;

/// <summary>Texels as numbers. Channels that a format lacks are 0, the fourth is 1.</summary>
internal static unsafe class Texels
{
    /// <summary>Channels as floating point: of integers their fraction of the largest value.</summary>
    public static Vector4 ReadFloat(TexelFormat format, byte* texel, bool srgb)
    {
        Vector4 value = Vector4.UnitW;
        for (int channel = 0; channel < format.Channels; channel++)
        {
            byte* at = texel + (channel * format.ChannelBytes);
            value[channel] = format.Kind switch
            {
                TexelKind.Single => *(float*)at,
                TexelKind.Half => (float)*(Half*)at,
                TexelKind.Unsigned or TexelKind.UnsignedNormalized => format.ChannelBytes == 1 ? *at / 255f : *(ushort*)at / 65535f,
                _ => Math.Max(format.ChannelBytes == 1 ? *(sbyte*)at / 127f : *(short*)at / 32767f, -1),
            };
        }

        return srgb && format is { Kind: TexelKind.Unsigned or TexelKind.UnsignedNormalized, ChannelBytes: 1 }
            ? new Vector4(Linear(value.X), Linear(value.Y), Linear(value.Z), value.W)
            : value;
    }

    /// <summary>Channels as integers of 32 bits, extended as their sign says.</summary>
    public static Vector128<uint> ReadInteger(TexelFormat format, byte* texel)
    {
        Vector128<uint> value = Vector128.Create(0u, 0, 0, 1);
        for (int channel = 0; channel < format.Channels; channel++)
        {
            byte* at = texel + (channel * format.ChannelBytes);
            uint bits = (format.Kind, format.ChannelBytes) switch
            {
                (TexelKind.Signed, 1) => (uint)*(sbyte*)at,
                (TexelKind.Signed, 2) => (uint)*(short*)at,
                (_, 1) => *at,
                (_, 2) => *(ushort*)at,
                _ => *(uint*)at,
            };
            value = value.WithElement(channel, bits);
        }

        return value;
    }

    // IEC 61966-2-1.
    private static float Linear(float encoded) =>
        encoded <= 0.04045f ? encoded / 12.92f : MathF.Pow((encoded + 0.055f) / 1.055f, 2.4f);
}
