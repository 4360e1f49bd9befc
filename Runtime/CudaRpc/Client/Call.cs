using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Client;

/// <summary>
/// One driver call on its way: arguments are written, the call is posted or invoked, results are read. Lives on the caller's stack and
/// allocates nothing. Until it is sent nothing of it leaves, so an exception in between costs only the call.
/// </summary>
internal unsafe ref partial struct Call
{
    private readonly Session _session;
    private readonly Lane _lane;
    private readonly uint _callId;
    private readonly BodyWriter _writer;
    private BodyReader _reader;
    private byte* _bulkIn;
    private nuint _bulkInLength;
    private HostBox* _rowsIn;
    private HostBox* _rowsOut;
    private byte* _bulkOut;
    private nuint _bulkOutLength;
    private NativeBytes? _bulkSink;
    private nint _minted;

    // Whether the stream that belongs to the calling thread is among the arguments.
    private bool _namesThread;

    // Where addresses among the arguments are looked up; null where there are none to find.
    private readonly HostMemory? _hostMemory;
    private bool _namesHostMemory;
    private bool _wantsHostMemory;

    /// <summary>A call of the calling thread.</summary>
    // No method of the session's, nor a reference among the parameters: the compiler would make the structure elsewhere, and copy its 150
    // bytes.
    public Call(Session session, uint callId)
        : this(session, session.Lane, callId)
    {
    }

    /// <param name="session">Whose call it is.</param>
    /// <param name="lane">What carries it; its thread is the calling one.</param>
    /// <param name="callId">The function.</param>
    /// <param name="isOwn">Whether the session makes it to serve host memory, and so looks for none among its arguments.</param>
    public Call(Session session, Lane lane, uint callId, bool isOwn = false)
    {
        if (HostFunctionScope.IsInside)
        {
            RefusedCallException.Throw(CUresult.CUDA_ERROR_NOT_PERMITTED, "a function that a stream calls must not call CUDA");
        }

        _hostMemory = isOwn || session.HostMemory.Blocks.IsEmpty ? null : session.HostMemory;
        _session = session;
        _lane = lane;
        _callId = callId;
        _writer = new BodyWriter(lane.BeginBody());
    }

    public void Write(bool value) => _writer.Write(value);

    public void Write(sbyte value) => _writer.Write(value);

    public void Write(byte value) => _writer.Write(value);

    public void Write(short value) => _writer.Write(value);

    public void Write(ushort value) => _writer.Write(value);

    public void Write(int value) => _writer.Write(value);

    public void Write(uint value) => _writer.Write(value);

    public void Write(long value) => _writer.Write(value);

    public void Write(ulong value)
    {
        if (_hostMemory is not null)
        {
            Note(value);
        }

        _writer.Write(value);
    }

    public void Write(nint value) => _writer.Write((long)value);

    public void Write(nuint value) => _writer.Write((ulong)value);

    public void Write(float value) => _writer.Write(value);

    public void Write(double value) => _writer.Write(value);

    public void WriteNil() => _writer.WriteNil();

    /// <summary>A handle of the session; the server checks kind and owner again.</summary>
    public void WriteHandle(nint id)
    {
        _namesThread |= id == PerThreadStream;
        _writer.Write((long)id);
    }

    /// <summary>Mints an id for what this call creates, and writes it. Alive once the call has succeeded.</summary>
    public nint WriteNewHandle(HandleKind kind)
    {
        _minted = _session.Handles.Mint(kind);
        _writer.Write((long)_minted);
        return _minted;
    }

    /// <summary>A structure without pointers, as its bytes.</summary>
    public void WriteStruct<T>(T* value)
        where T : unmanaged => WriteRaw(value, (nuint)sizeof(T));

    /// <summary><paramref name="count"/> elements without pointers, as their bytes.</summary>
    public void WriteArray<T>(T* values, nuint count)
        where T : unmanaged => WriteRaw(values, Bytes(count, (nuint)sizeof(T)));

    /// <summary>Handles of the session.</summary>
    public void WriteHandles(nint* ids, nuint count) => WriteRaw(ids, Bytes(count, (nuint)sizeof(nint)));

    /// <summary>A NUL-terminated string, without its end.</summary>
    public void WriteString(byte* text) => _writer.WriteString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>Bytes that follow the body, sent from where they are.</summary>
    public void WriteBulk(void* bytes, nuint length)
    {
        _bulkIn = (byte*)bytes;
        _bulkInLength = length;
    }

    /// <summary>Bytes that follow the body, sent row by row from where they are.</summary>
    /// <param name="rows">Where they are; it stays in place until the call is over.</param>
    public void WriteBulk(HostBox* rows)
    {
        if (rows->IsLinear)
        {
            WriteBulk((void*)rows->Start, rows->Length);
            return;
        }

        _rowsIn = rows;
        _bulkInLength = rows->Length;
    }

    /// <summary>Where the reply's bulk goes, row by row; it must fill them exactly.</summary>
    /// <param name="rows">The rows; it stays in place until the call is over.</param>
    public void ReceiveBulk(HostBox* rows)
    {
        if (rows->IsLinear)
        {
            ReceiveBulk((void*)rows->Start, rows->Length);
            return;
        }

        _rowsOut = rows;
        _bulkOutLength = rows->Length;
    }

    /// <summary>Where the reply's bulk goes; it must be exactly this long.</summary>
    public void ReceiveBulk(void* destination, nuint length)
    {
        _bulkOut = (byte*)destination;
        _bulkOutLength = length;
    }

    /// <summary>Where the reply's bulk goes if the server says how long it is.</summary>
    public void ReceiveBulk(NativeBytes sink) => _bulkSink = sink;

    /// <summary>A copy to the host that is about to be posted: its bytes come when its stream gets there.</summary>
    public readonly void ExpectLater(nuint bytes) => _lane.Trace?.Received(FrameHeader.Size + (long)bytes);

    /// <summary>A copy from the host that is about to be posted: its bytes are fetched when its stream gets there.</summary>
    public readonly void OfferLater(nuint bytes) => _lane.Trace?.SentAlong(FrameHeader.Size + (long)bytes);

    /// <summary>Bytes that the call has not sent, because the server had them.</summary>
    public readonly void NoteSaved(nuint bytes) => _lane.Trace?.Saved((long)bytes);

    private CUresult PostQuietly()
    {
        PrepareHostMemory();
        if (_rowsIn != null)
        {
            PostRows();
        }
        else if (_bulkInLength > ProtocolLimits.PostedCopy)
        {
            _lane.PostBulk(_callId, _bulkIn, _bulkInLength);
        }
        else
        {
            _lane.Post(_callId, new ReadOnlySpan<byte>(_bulkIn, (int)_bulkInLength), IsOwn);
        }

        AdoptMinted();
        if (_minted != 0)
        {
            _lane.Trace?.Mark(TraceMarks.Minted);
        }

        return Settle();
    }

    private CUresult InvokeQuietly()
    {
        PrepareHostMemory();
        FrameHeader reply;
        ReadOnlySpan<byte> body;
        if (_rowsIn == null)
        {
            _lane.Invoke(_callId, _bulkIn, _bulkInLength, out reply, out body);
        }
        else
        {
            _lane.InvokeRows(_callId, *_rowsIn, out reply, out body);
        }

        nuint received = 0;
        while (true)
        {
            if (_bulkSink is not null)
            {
                _bulkOut = _bulkSink.Grow(reply.BulkLength);
                _bulkOutLength = _bulkSink.Length;
            }

            if (reply.BulkLength > _bulkOutLength - received)
            {
                ProtocolException.Throw($"reply to {CallId.Name(_callId)} with more than the {_bulkOutLength} bytes that were asked for");
            }

            if (reply.BulkLength > 0)
            {
                ReadBulk(received, (nuint)reply.BulkLength);
                received += (nuint)reply.BulkLength;
            }

            if ((reply.Flags & FrameFlags.More) == 0)
            {
                break;
            }

            _lane.ReadReply(_callId, out reply, out body);
        }

        if ((reply.Flags & FrameFlags.Landed) != 0)
        {
            _lane.WaitForWrites(reply);
        }

        _reader = new BodyReader(body);
        var status = (CUresult)_reader.ReadUInt32();
        if (status == CUresult.CUDA_SUCCESS)
        {
            if (received != _bulkOutLength)
            {
                ProtocolException.Throw($"reply to {CallId.Name(_callId)} with {received} bytes where {_bulkOutLength} were asked for");
            }

            AdoptMinted();
        }
        else
        {
            bool deferred = (reply.Flags & FrameFlags.Deferred) != 0;
            uint failed = deferred ? _reader.ReadUInt32() : _callId;
            End();
            NoteFault(status);
            if (deferred)
            {
                _lane.NoteDeferred(failed, status, _callId);
            }
            else if (status != CUresult.CUDA_ERROR_NOT_READY)
            {
                _session.Errors.Write(CallId.Name(failed) ?? "a call", status);
            }
        }

        return status;
    }

    public bool ReadBoolean() => _reader.ReadBoolean();

    public sbyte ReadSByte() => _reader.ReadSByte();

    public byte ReadByte() => _reader.ReadByte();

    public short ReadInt16() => _reader.ReadInt16();

    public ushort ReadUInt16() => _reader.ReadUInt16();

    public int ReadInt32() => _reader.ReadInt32();

    public uint ReadUInt32() => _reader.ReadUInt32();

    public long ReadInt64() => _reader.ReadInt64();

    public ulong ReadUInt64() => _reader.ReadUInt64();

    public nint ReadNInt() => (nint)_reader.ReadInt64();

    public nuint ReadNUInt() => (nuint)_reader.ReadUInt64();

    public float ReadSingle() => _reader.ReadSingle();

    public double ReadDouble() => _reader.ReadDouble();

    /// <summary>A handle the session has, or null.</summary>
    public nint ReadHandle(HandleKind kind)
    {
        nint id = (nint)_reader.ReadInt64();
        return id == 0 || HandleId.Fits(HandleId.Kind(id), kind) ? id : throw new ProtocolException($"handle 0x{id:x} where a {kind} is due");
    }

    /// <summary>Bytes of any number.</summary>
    public byte[] ReadBytes() => _reader.ReadBytes().ToArray();

    /// <summary>Handles, of which some may be the server's own: those are alive from now on, and end with <paramref name="parent"/>.</summary>
    public nint[] ReadHandles(HandleKind kind, nint parent)
    {
        ReadOnlySpan<nint> ids = MemoryMarshal.Cast<byte, nint>(_reader.ReadBytes());
        foreach (nint id in ids)
        {
            Adopt(id, kind, parent);
        }

        return ids.ToArray();
    }

    /// <summary>A handle that may be the server's own: then it is alive from now on, and ends with <paramref name="parent"/>.</summary>
    public nint ReadHandle(HandleKind kind, nint parent)
    {
        nint id = (nint)_reader.ReadInt64();
        if (id != 0)
        {
            Adopt(id, kind, parent);
        }

        return id;
    }

    public void ReadStruct<T>(T* destination)
        where T : unmanaged
    {
        nuint read = ReadRaw(destination, (nuint)sizeof(T));
        if (read != (nuint)sizeof(T))
        {
            ProtocolException.Throw($"{typeof(T).Name} of {read} bytes in the reply to {CallId.Name(_callId)}; {sizeof(T)} are due");
        }
    }

    /// <summary>At most <paramref name="capacity"/> elements; returns how many came.</summary>
    public nuint ReadArray<T>(T* destination, nuint capacity)
        where T : unmanaged => ReadRaw(destination, checked(capacity * (nuint)sizeof(T))) / (nuint)sizeof(T);

    /// <summary>A text that was sent as bytes.</summary>
    public string ReadText() => System.Text.Encoding.UTF8.GetString(_reader.ReadBytes());

    /// <summary>The reply must be used up.</summary>
    public readonly void End()
    {
        if (!_reader.End)
        {
            ProtocolException.Throw($"reply to {CallId.Name(_callId)} with values behind the last one known");
        }
    }

    // Elements have a byte at least: more of them than bytes in a frame need not be multiplied, which could overflow.
    private static nuint Bytes(nuint count, nuint size) =>
        count <= ProtocolLimits.Body ? count * size : throw new FrameTooLargeException((long)count, ProtocolLimits.Body);

    private void WriteRaw(void* bytes, nuint length)
    {
        if (length > ProtocolLimits.Body)
        {
            throw new FrameTooLargeException((long)length, ProtocolLimits.Body);
        }

        if (_hostMemory is not null)
        {
            NoteWords((byte*)bytes, length);
        }

        _writer.Write(new ReadOnlySpan<byte>(bytes, (int)length));
    }

    private nuint ReadRaw(void* destination, nuint capacity)
    {
        ReadOnlySpan<byte> bytes = _reader.ReadBytes();
        if ((nuint)bytes.Length > capacity)
        {
            ProtocolException.Throw($"{bytes.Length} bytes in the reply to {CallId.Name(_callId)} where {capacity} have room");
        }

        // SAFETY: no longer than the destination.
        bytes.CopyTo(new Span<byte>(destination, bytes.Length));
        return (nuint)bytes.Length;
    }

    private readonly void ReadBulk(nuint offset, nuint length)
    {
        if (_rowsOut == null)
        {
            _lane.ReadBulk(_bulkOut + offset, length);
        }
        else
        {
            _lane.ReadBulkRows(*_rowsOut, offset, length);
        }
    }

    private readonly void PostRows()
    {
        if (_bulkInLength > ProtocolLimits.PostedCopy)
        {
            _lane.PostBulkRows(_callId, *_rowsIn);
        }
        else
        {
            _lane.PostRows(_callId, *_rowsIn, IsOwn);
        }
    }

    private readonly void Adopt(nint id, HandleKind kind, nint parent)
    {
        if (HandleId.Kind(id) != kind)
        {
            ProtocolException.Throw($"handle 0x{id:x} where a {kind} is due");
        }

        if (_session.Handles.Find(id) is null)
        {
            _session.Handles.Add(id, new HandleInfo(kind, parent));
        }
    }

    private readonly void AdoptMinted()
    {
        if (_minted != 0 && _session.Handles.Find(_minted) is null)
        {
            HandleKind kind = HandleId.Kind(_minted);
            _session.Handles.Add(_minted, new HandleInfo(kind, HandleId.IsOfContext(kind) ? _session.Handles.OwnerOf(_lane.Current).Value : 0));
        }
    }
}
