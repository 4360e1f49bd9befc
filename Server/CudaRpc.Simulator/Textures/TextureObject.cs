namespace CudaRpc.Simulator.Textures;

/// <summary>
/// What kernels sample: the levels of an image and how to read them. Kernels name it by a number.
/// </summary>
/// <param name="Levels">Mipmap levels, the largest first; one at least.</param>
/// <param name="Sampler">How to read them.</param>
/// <param name="IsLinearMemory">Whether it is a row of linear memory: read by index only, and 0 outside.</param>
internal sealed record TextureObject(TexelImage[] Levels, SamplerState Sampler, bool IsLinearMemory);

/// <summary>What kernels load from and store to by coordinates.</summary>
/// <param name="Image">The texels.</param>
internal sealed record SurfaceObject(TexelImage Image);
