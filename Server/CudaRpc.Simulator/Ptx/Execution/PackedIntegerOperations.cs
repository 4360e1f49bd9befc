using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

// Two 16-bit integers to a register: u16x2 and s16x2.
internal readonly struct AddPacked : IVectorBinary<uint>
{
    public static Vector256<uint> Invoke(Vector256<uint> a, Vector256<uint> b) => (a.AsUInt16() + b.AsUInt16()).AsUInt32();
}

internal readonly struct MinimumPackedU16 : IVectorBinary<uint>
{
    public static Vector256<uint> Invoke(Vector256<uint> a, Vector256<uint> b) => Vector256.Min(a.AsUInt16(), b.AsUInt16()).AsUInt32();
}

internal readonly struct MinimumPackedS16 : IVectorBinary<uint>
{
    public static Vector256<uint> Invoke(Vector256<uint> a, Vector256<uint> b) => Vector256.Min(a.AsInt16(), b.AsInt16()).AsUInt32();
}

internal readonly struct MaximumPackedU16 : IVectorBinary<uint>
{
    public static Vector256<uint> Invoke(Vector256<uint> a, Vector256<uint> b) => Vector256.Max(a.AsUInt16(), b.AsUInt16()).AsUInt32();
}

internal readonly struct MaximumPackedS16 : IVectorBinary<uint>
{
    public static Vector256<uint> Invoke(Vector256<uint> a, Vector256<uint> b) => Vector256.Max(a.AsInt16(), b.AsInt16()).AsUInt32();
}
