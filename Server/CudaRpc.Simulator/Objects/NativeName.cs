using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace CudaRpc.Simulator.Objects;

/// <summary>A NUL-terminated name whose address stays valid as long as this object lives.</summary>
internal sealed unsafe class NativeName
{
    private readonly byte[] _bytes;

    public NativeName(string name)
    {
        _bytes = GC.AllocateArray<byte>(Encoding.UTF8.GetByteCount(name) + 1, pinned: true);
        Encoding.UTF8.GetBytes(name, _bytes);
    }

    // SAFETY: the array is on the pinned heap and this object keeps it alive.
    public byte* Pointer => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bytes));
}
