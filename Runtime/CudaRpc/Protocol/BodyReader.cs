using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace CudaRpc.Protocol;

/// <summary>
/// Reads the MessagePack values of a call, integers in any form that fits what is asked for. For calls only: MessagePackReader, which reads
/// everything else, is a structure of which every call would make, and copy, a new one.
/// </summary>
/// <remarks>
/// Every method throws <see cref="MessagePackSerializationException"/> where the next value is of another kind,
/// <see cref="OverflowException"/> where it does not fit, <see cref="EndOfStreamException"/> where the body ends before it.
/// </remarks>
internal ref struct BodyReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    /// <summary>Whether nothing is left.</summary>
    public readonly bool End => _rest.IsEmpty;

    public bool ReadBoolean()
    {
        byte code = Take(1)[0];
        return code switch
        {
            MessagePackCode.True => true,
            MessagePackCode.False => false,
            _ => throw Unexpected(code, "a boolean"),
        };
    }

    public sbyte ReadSByte() => checked((sbyte)ReadInt64());

    public byte ReadByte() => checked((byte)ReadUInt64());

    public short ReadInt16() => checked((short)ReadInt64());

    public ushort ReadUInt16() => checked((ushort)ReadUInt64());

    public int ReadInt32() => checked((int)ReadInt64());

    public uint ReadUInt32() => checked((uint)ReadUInt64());

    public long ReadInt64()
    {
        ulong bits = ReadInteger(out bool isNegative);
        return isNegative ? (long)bits : checked((long)bits);
    }

    public ulong ReadUInt64()
    {
        ulong bits = ReadInteger(out bool isNegative);
        return isNegative ? checked((ulong)(long)bits) : bits;
    }

    public float ReadSingle()
    {
        byte code = Take(1)[0];
        return code == MessagePackCode.Float32 ? BinaryPrimitives.ReadSingleBigEndian(Take(sizeof(float))) : throw Unexpected(code, "a float");
    }

    public double ReadDouble()
    {
        byte code = Take(1)[0];
        return code == MessagePackCode.Float64 ? BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double))) : throw Unexpected(code, "a double");
    }

    /// <summary>Takes the next value if it is nil.</summary>
    public bool TryReadNil()
    {
        bool isNil = !_rest.IsEmpty && _rest[0] == MessagePackCode.Nil;
        if (isNil)
        {
            _rest = _rest[1..];
        }

        return isNil;
    }

    /// <summary>Bytes, where they are in the body.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        byte code = Take(1)[0];
        return Take(code switch
        {
            MessagePackCode.Bin8 => Take(sizeof(byte))[0],
            MessagePackCode.Bin16 => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort))),
            MessagePackCode.Bin32 => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint))),
            _ => throw Unexpected(code, "bytes"),
        });
    }

    /// <summary>Text in UTF-8, where it is in the body.</summary>
    public ReadOnlySpan<byte> ReadString()
    {
        byte code = Take(1)[0];
        return Take(code switch
        {
            >= MessagePackCode.MinFixStr and <= MessagePackCode.MaxFixStr => (uint)(code - MessagePackCode.MinFixStr),
            MessagePackCode.Str8 => Take(sizeof(byte))[0],
            MessagePackCode.Str16 => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort))),
            MessagePackCode.Str32 => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint))),
            _ => throw Unexpected(code, "a text"),
        });
    }

    // As 64 bits of two's complement.
    private ulong ReadInteger(out bool isNegative)
    {
        byte code = Take(1)[0];
        isNegative = false;
        switch (code)
        {
            case <= MessagePackCode.MaxFixInt:
                return code;
            case MessagePackCode.UInt8:
                return Take(sizeof(byte))[0];
            case MessagePackCode.UInt16:
                return BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort)));
            case MessagePackCode.UInt32:
                return BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));
            case MessagePackCode.UInt64:
                return BinaryPrimitives.ReadUInt64BigEndian(Take(sizeof(ulong)));
        }

        long value = code switch
        {
            >= MessagePackCode.MinNegativeFixInt => (sbyte)code,
            MessagePackCode.Int8 => (sbyte)Take(sizeof(sbyte))[0],
            MessagePackCode.Int16 => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short))),
            MessagePackCode.Int32 => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int))),
            MessagePackCode.Int64 => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long))),
            _ => throw Unexpected(code, "an integer"),
        };
        isNegative = value < 0;
        return (ulong)value;
    }

    private ReadOnlySpan<byte> Take(uint bytes)
    {
        if (bytes > (uint)_rest.Length)
        {
            ThrowTruncated(bytes);
        }

        ReadOnlySpan<byte> taken = _rest[..(int)bytes];
        _rest = _rest[(int)bytes..];
        return taken;
    }

    [DoesNotReturn]
    private readonly void ThrowTruncated(uint bytes) => throw new EndOfStreamException($"{bytes} bytes are due where {_rest.Length} are left");

    private static MessagePackSerializationException Unexpected(byte code, string wanted) =>
        new($"code 0x{code:x2} ({MessagePackCode.ToFormatName(code)}) where {wanted} is due");
}
