using System.Buffers.Binary;
using MessagePack;

namespace CudaRpc.Protocol;

/// <summary>
/// Writes the MessagePack values of a call, each in its shortest form, at the end of a buffer. For calls only: MessagePackWriter, which
/// writes everything else, is a structure of which every call would make, and copy, a new one.
/// </summary>
internal readonly struct BodyWriter(ByteBuffer buffer)
{
    // A code and 64 bits.
    private const int MostOfValue = 9;

    public void WriteNil() => WriteCode(MessagePackCode.Nil);

    public void Write(bool value) => WriteCode(value ? MessagePackCode.True : MessagePackCode.False);

    public void Write(long value)
    {
        if (value >= 0)
        {
            Write((ulong)value);
            return;
        }

        Span<byte> room = buffer.GetSpan(MostOfValue);
        if (value >= MessagePackRange.MinFixNegativeInt)
        {
            room[0] = (byte)value;
            buffer.Advance(1);
        }
        else if (value >= sbyte.MinValue)
        {
            room[1] = (byte)value;
            Finish(room, MessagePackCode.Int8, sizeof(sbyte));
        }
        else if (value >= short.MinValue)
        {
            BinaryPrimitives.WriteInt16BigEndian(room[1..], (short)value);
            Finish(room, MessagePackCode.Int16, sizeof(short));
        }
        else if (value >= int.MinValue)
        {
            BinaryPrimitives.WriteInt32BigEndian(room[1..], (int)value);
            Finish(room, MessagePackCode.Int32, sizeof(int));
        }
        else
        {
            BinaryPrimitives.WriteInt64BigEndian(room[1..], value);
            Finish(room, MessagePackCode.Int64, sizeof(long));
        }
    }

    public void Write(ulong value)
    {
        Span<byte> room = buffer.GetSpan(MostOfValue);
        if (value <= MessagePackRange.MaxFixPositiveInt)
        {
            room[0] = (byte)value;
            buffer.Advance(1);
        }
        else if (value <= byte.MaxValue)
        {
            room[1] = (byte)value;
            Finish(room, MessagePackCode.UInt8, sizeof(byte));
        }
        else if (value <= ushort.MaxValue)
        {
            BinaryPrimitives.WriteUInt16BigEndian(room[1..], (ushort)value);
            Finish(room, MessagePackCode.UInt16, sizeof(ushort));
        }
        else if (value <= uint.MaxValue)
        {
            BinaryPrimitives.WriteUInt32BigEndian(room[1..], (uint)value);
            Finish(room, MessagePackCode.UInt32, sizeof(uint));
        }
        else
        {
            BinaryPrimitives.WriteUInt64BigEndian(room[1..], value);
            Finish(room, MessagePackCode.UInt64, sizeof(ulong));
        }
    }

    public void Write(float value)
    {
        Span<byte> room = buffer.GetSpan(MostOfValue);
        BinaryPrimitives.WriteSingleBigEndian(room[1..], value);
        Finish(room, MessagePackCode.Float32, sizeof(float));
    }

    public void Write(double value)
    {
        Span<byte> room = buffer.GetSpan(MostOfValue);
        BinaryPrimitives.WriteDoubleBigEndian(room[1..], value);
        Finish(room, MessagePackCode.Float64, sizeof(double));
    }

    /// <summary>Bytes, as <c>bin</c>.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        WriteLength(bytes.Length, MessagePackCode.Bin8, MessagePackCode.Bin16, MessagePackCode.Bin32);
        buffer.Write(bytes);
    }

    /// <summary>Text in UTF-8, as <c>str</c>.</summary>
    public void WriteString(ReadOnlySpan<byte> text)
    {
        if (text.Length <= MessagePackRange.MaxFixStringLength)
        {
            WriteCode((byte)(MessagePackCode.MinFixStr | text.Length));
        }
        else
        {
            WriteLength(text.Length, MessagePackCode.Str8, MessagePackCode.Str16, MessagePackCode.Str32);
        }

        buffer.Write(text);
    }

    private void WriteCode(byte code)
    {
        buffer.GetSpan(1)[0] = code;
        buffer.Advance(1);
    }

    private void WriteLength(int length, byte code8, byte code16, byte code32)
    {
        Span<byte> room = buffer.GetSpan(MostOfValue);
        if (length <= byte.MaxValue)
        {
            room[1] = (byte)length;
            Finish(room, code8, sizeof(byte));
        }
        else if (length <= ushort.MaxValue)
        {
            BinaryPrimitives.WriteUInt16BigEndian(room[1..], (ushort)length);
            Finish(room, code16, sizeof(ushort));
        }
        else
        {
            BinaryPrimitives.WriteInt32BigEndian(room[1..], length);
            Finish(room, code32, sizeof(int));
        }
    }

    private void Finish(Span<byte> room, byte code, int bytes)
    {
        room[0] = code;
        buffer.Advance(1 + bytes);
    }
}
