using System.Collections.Concurrent;

namespace CudaRpc.Simulator.Textures;

/// <summary>The textures and surfaces of one context by the numbers that kernels know them by. Safe from any thread.</summary>
internal sealed class TextureTable
{
    private readonly ConcurrentDictionary<ulong, TextureObject> _textures = new();
    private readonly ConcurrentDictionary<ulong, SurfaceObject> _surfaces = new();

    public TextureObject? FindTexture(ulong number) => _textures.GetValueOrDefault(number);

    public SurfaceObject? FindSurface(ulong number) => _surfaces.GetValueOrDefault(number);

    /// <summary>Makes the number mean this texture from now on.</summary>
    public void Set(ulong number, TextureObject texture) => _textures[number] = texture;

    /// <summary>Makes the number mean this surface from now on.</summary>
    public void Set(ulong number, SurfaceObject surface) => _surfaces[number] = surface;

    /// <summary>Makes the number mean nothing.</summary>
    public void Remove(ulong number)
    {
        _textures.TryRemove(number, out _);
        _surfaces.TryRemove(number, out _);
    }
}
