// What Dispatcher needs of the server, by signature.
using System.Diagnostics.CodeAnalysis;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

internal unsafe ref struct ServerCall
{
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
    public nint ReadHandle(HandleKind kind, bool optional = false) => 0;
    public nint ReadHandle(HandleKind kind, out nint id, bool optional = false) => id = 0;
    public nint ReadNewHandle(HandleKind kind) => 0;
    public T* ReadStruct<T>(bool optional = false) where T : unmanaged => null;
    public T* ReadArray<T>(out nuint count, bool optional = false) where T : unmanaged { count = 0; return null; }
    public byte* ReadString(bool optional = false) => null;
    public nint* ReadHandles(HandleKind kind, out nuint count, bool optional = false) { count = 0; return null; }
    public byte* ReadBulk(nuint bytes) => null;
    public readonly T* Scratch<T>(nuint count) where T : unmanaged => null;
    public bool Begin() => false;
    public void Refuse(CUresult status) { }
    public nint Resolve(nint id, HandleKind kind, bool optional = false) => id;
    public readonly nint IdOf(HandleKind kind, nint native) => native;
    public readonly void Bind(nint id, nint native) { }
    public readonly void Release(nint id) { }
    public byte* ReplyBulk(nuint bytes) => null;
    public bool Reply(CUresult status) => false;
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
    public void WriteHandle(HandleKind kind, nint native) { }
    public void WriteStruct<T>(T* value) where T : unmanaged { }
    public void WriteArray<T>(T* values, nuint count) where T : unmanaged { }
    [DoesNotReturn]
    public readonly void Malformed(string what) => throw new System.InvalidOperationException(what);
}
