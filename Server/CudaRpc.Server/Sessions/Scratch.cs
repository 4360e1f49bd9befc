using System.Runtime.InteropServices;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

/// <summary>
/// Native memory for the arguments and results of one call at a time: a block that is kept, and larger pieces that are freed with the call.
/// </summary>
internal sealed unsafe class Scratch : IDisposable
{
    private const nuint BlockSize = 64 << 10;
    private const nuint Alignment = 16;

    private readonly byte* _block = (byte*)NativeMemory.AlignedAlloc(BlockSize, 64);
    private readonly List<nint> _large = [];
    private nuint _used;
    private nuint _largeBytes;

    /// <summary>Zeroed memory until <see cref="Reset"/>.</summary>
    /// <exception cref="ProtocolException">The call wants more than its bound.</exception>
    public byte* Take(nuint bytes)
    {
        if (bytes > ProtocolLimits.Scratch || bytes + _largeBytes > ProtocolLimits.Scratch)
        {
            ProtocolException.Throw($"a call that needs {bytes} bytes of arguments; at most {ProtocolLimits.Scratch} are allowed");
        }

        nuint rounded = (bytes + Alignment - 1) & ~(Alignment - 1);
        if (rounded <= BlockSize - _used)
        {
            // SAFETY: within the block, by the check above.
            byte* taken = _block + _used;
            _used += rounded;
            NativeMemory.Clear(taken, bytes);
            return taken;
        }

        byte* large = (byte*)NativeMemory.AllocZeroed(bytes);
        _large.Add((nint)large);
        _largeBytes += bytes;
        return large;
    }

    /// <summary>Takes over <paramref name="memory"/> (of NativeMemory) until the end of the call.</summary>
    public void Adopt(byte* memory) => _large.Add((nint)memory);

    /// <summary>Ends the call: everything taken is gone.</summary>
    public void Reset()
    {
        foreach (nint large in _large)
        {
            NativeMemory.Free((void*)large);
        }

        _large.Clear();
        _largeBytes = 0;
        _used = 0;
    }

    public void Dispose()
    {
        Reset();
        NativeMemory.AlignedFree(_block);
    }
}
