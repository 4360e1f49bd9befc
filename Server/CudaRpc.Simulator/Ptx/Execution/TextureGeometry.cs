namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>What the coordinates of a texture or surface instruction mean.</summary>
internal enum TextureGeometry
{
    Line,
    Plane,
    Volume,
    LineArray,
    PlaneArray,
    Cube,
    CubeArray,
}
