using System.Runtime.InteropServices;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

/// <summary>Memory that grows while bytes of unknown number arrive, up to <see cref="ProtocolLimits.WholeBulk"/>. One thread at a time.</summary>
internal sealed unsafe class NativeBytes : IDisposable
{
    private nuint _capacity;

    public byte* Start { get; private set; }

    public nuint Length { get; private set; }

    /// <summary>Room for <paramref name="more"/> bytes behind those there are; returns the start, which may have moved.</summary>
    /// <exception cref="ProtocolException">The peer sends more than it may.</exception>
    public byte* Grow(ulong more)
    {
        if (more > (ulong)ProtocolLimits.WholeBulk - Length)
        {
            ProtocolException.Throw($"a reply with more than {ProtocolLimits.WholeBulk} bytes");
        }

        Length += (nuint)more;
        if (Length > _capacity)
        {
            _capacity = nuint.Max(Length, nuint.Min(_capacity * 2, (nuint)ProtocolLimits.WholeBulk));
            // SAFETY: this object's own memory; nobody keeps its start while it grows.
            Start = (byte*)NativeMemory.Realloc(Start, _capacity);
        }

        return Start;
    }

    public void Dispose()
    {
        NativeMemory.Free(Start);
        Start = null;
        Length = 0;
        _capacity = 0;
    }
}
