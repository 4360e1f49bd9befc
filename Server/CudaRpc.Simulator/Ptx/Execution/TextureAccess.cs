namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>What a texture or surface instruction does, beside its operands; packed into <see cref="Instruction.Aux"/>.</summary>
/// <param name="Geometry">Meaning of the coordinates.</param>
/// <param name="IsFetch">Coordinates are integers: texels, unfiltered.</param>
/// <param name="Detail">How the level of detail is given.</param>
/// <param name="Extra">Channel of a gather, elements or boundary mode of a surface access, or what is queried.</param>
internal readonly record struct TextureAccess(TextureGeometry Geometry, bool IsFetch = false, LevelOfDetail Detail = LevelOfDetail.None, int Extra = 0)
{
    public bool IsLayered => Geometry is TextureGeometry.LineArray or TextureGeometry.PlaneArray or TextureGeometry.CubeArray;

    public bool IsCube => Geometry is TextureGeometry.Cube or TextureGeometry.CubeArray;

    /// <summary>Coordinates without the layer.</summary>
    public int Coordinates => Geometry switch
    {
        TextureGeometry.Line or TextureGeometry.LineArray => 1,
        TextureGeometry.Plane or TextureGeometry.PlaneArray => 2,
        _ => 3,
    };

    /// <summary>Dimensions of the image that they address.</summary>
    public int Dimensions => IsCube ? 2 : Coordinates;

    public int Pack() => (int)Geometry | (IsFetch ? 16 : 0) | ((int)Detail << 5) | (Extra << 8);

    public static TextureAccess Unpack(int packed) =>
        new((TextureGeometry)(packed & 15), (packed & 16) != 0, (LevelOfDetail)((packed >> 5) & 3), packed >> 8);
}

/// <summary>How a texture instruction says which mipmap level it wants.</summary>
internal enum LevelOfDetail
{
    None,
    Level,
    Gradient,
}

/// <summary>What a surface access outside the surface does.</summary>
internal enum SurfaceBoundary
{
    Trap,
    Clamp,
    Zero,
}
