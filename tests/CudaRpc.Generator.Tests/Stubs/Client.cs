// What RemoteDriver's generated half needs of the client library, by signature.
using CudaRpc.Driver;

namespace CudaRpc.Client;

internal sealed class Session
{
    public HandleTable Handles { get; } = new();

    public CUresult Failed(uint callId, System.Exception failure) => CUresult.CUDA_ERROR_UNKNOWN;
}

internal sealed class HandleTable
{
    public CUresult Check(nint id, HandleKind kind, bool optional = false) => CUresult.CUDA_SUCCESS;

    public void Forget(nint id)
    {
    }
}

/// <summary>The hand-written part.</summary>
public sealed partial class RemoteDriver : CudaDriver
{
    private readonly Session _session = new();

    // Headers without the types of their parameters know these, too.
    private static CUresult? CheckSet(params object[] arguments) => null;
    private static CUresult? CheckCopy(params object[] arguments) => null;
}

internal unsafe ref struct Call
{
    public Call(Session session, uint callId)
    {
    }

    public void Write(bool value) { }
    public void Write(sbyte value) { }
    public void Write(byte value) { }
    public void Write(short value) { }
    public void Write(ushort value) { }
    public void Write(int value) { }
    public void Write(uint value) { }
    public void Write(long value) { }
    public void Write(ulong value) { }
    public void Write(nint value) { }
    public void Write(nuint value) { }
    public void Write(float value) { }
    public void Write(double value) { }
    public void WriteNil() { }
    public void WriteHandle(nint id) { }
    public nint WriteNewHandle(HandleKind kind) => 0;
    public void WriteStruct<T>(T* value) where T : unmanaged { }
    public void WriteArray<T>(T* values, nuint count) where T : unmanaged { }
    public void WriteHandles(nint* ids, nuint count) { }
    public void WriteString(byte* text) { }
    public void WriteBulk(void* bytes, nuint length) { }
    public void ReceiveBulk(void* destination, nuint length) { }
    public CUresult Post() => CUresult.CUDA_SUCCESS;
    public CUresult Invoke() => CUresult.CUDA_SUCCESS;
    public bool ReadBoolean() => false;
    public sbyte ReadSByte() => 0;
    public byte ReadByte() => 0;
    public short ReadInt16() => 0;
    public ushort ReadUInt16() => 0;
    public int ReadInt32() => 0;
    public uint ReadUInt32() => 0;
    public long ReadInt64() => 0;
    public ulong ReadUInt64() => 0;
    public nint ReadNInt() => 0;
    public nuint ReadNUInt() => 0;
    public float ReadSingle() => 0;
    public double ReadDouble() => 0;
    public nint ReadHandle(HandleKind kind) => 0;
    public void ReadStruct<T>(T* destination) where T : unmanaged { }
    public nuint ReadArray<T>(T* destination, nuint capacity) where T : unmanaged => 0;
    public readonly void End() { }
}
