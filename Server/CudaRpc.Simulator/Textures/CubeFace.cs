using System.Numerics;

namespace CudaRpc.Simulator.Textures;

/// <summary>Which face of a cube a direction points at, and where on it, as the CUDA C++ programming guide has it (Cubemap Textures).</summary>
/// <param name="Face">0 to 5: +x, -x, +y, -y, +z, -z.</param>
/// <param name="Place">From 0 to 1 on the face.</param>
internal readonly record struct CubeFace(uint Face, Vector2 Place)
{
    public static CubeFace Of(Vector3 direction)
    {
        (float x, float y, float z) = (direction.X, direction.Y, direction.Z);
        (float ax, float ay, float az) = (MathF.Abs(x), MathF.Abs(y), MathF.Abs(z));
        (uint face, float major, float s, float t) = ax >= ay && ax >= az
            ? x >= 0 ? (0u, x, -z, -y) : (1u, -x, z, -y)
            : ay >= az
                ? y >= 0 ? (2u, y, x, z) : (3u, -y, x, -z)
                : z >= 0 ? (4u, z, x, -y) : (5u, -z, -x, -y);
        return new CubeFace(face, major == 0 ? new Vector2(0.5f) : new Vector2(((s / major) + 1) / 2, ((t / major) + 1) / 2));
    }
}
