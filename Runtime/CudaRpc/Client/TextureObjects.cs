using System.Collections.Concurrent;
using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>
/// The texture or surface objects of a session that are alive. They are numbers that kernels use, so they are the server's own, and what they
/// were made of is kept here: nobody has to ask for it. Any thread.
/// </summary>
internal sealed class TextureObjects
{
    private readonly ConcurrentDictionary<ulong, TextureInfo> _alive = new();

    public void Add(ulong number, TextureInfo info) => _alive[number] = info;

    public TextureInfo? Find(ulong number) => _alive.GetValueOrDefault(number);

    /// <summary>Takes the object out; false where there is none.</summary>
    public bool Remove(ulong number) => _alive.TryRemove(number, out _);

    /// <summary>Takes out all objects of a context that ends.</summary>
    public void RemoveContext(CUcontext context)
    {
        foreach ((ulong number, TextureInfo info) in _alive)
        {
            if (info.Context == context)
            {
                _alive.TryRemove(number, out _);
            }
        }
    }
}

/// <summary>What a texture or surface object was made of, with the session's handles; a surface has a resource only.</summary>
internal sealed record TextureInfo(
    CUcontext Context, CUDA_RESOURCE_DESC_v1 Resource, CUDA_TEXTURE_DESC_v1 Texture, CUDA_RESOURCE_VIEW_DESC_v1? View);
