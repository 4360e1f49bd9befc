using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Server;

/// <summary>
/// One received call: its arguments are read, <see cref="Begin"/> says whether to go on, the driver is called, <see cref="Reply"/> answers.
/// Lives on the lane's stack and allocates nothing. Every length is checked against the frame before it is used.
/// </summary>
internal unsafe ref partial struct ServerCall
{
    private readonly ServerLane _lane;
    private readonly FrameHeader _header;
    private BodyReader _reader;
    private BodyWriter _writer;
    private CUresult _fault;
    private bool _hasBulk;
    private bool _replied;
    private bool _finished;

    // When the driver was called, for a client that records that; 0 where it was not.
    private long _began;

    // The device's work that is being measured, and the stream that the call names.
    private DeviceWork _work;
    private nint _stream;
    private byte* _replyBulk;
    private nuint _replyBulkLength;

    // Nothing by reference: the compiler would make the structure elsewhere, and copy it.
    public ServerCall(ServerLane lane, FrameHeader header, ReadOnlySpan<byte> body)
    {
        _lane = lane;
        _header = header;
        _reader = new BodyReader(body);
    }

    public readonly ServerSession Session => _lane.Session;

    /// <summary>The driver's value of the context that is current for the call; known after <see cref="Begin"/>.</summary>
    public readonly nint CurrentContext => _lane.CurrentContext;

    /// <summary>The driver's context that work in the stream belongs to; known after <see cref="Begin"/>.</summary>
    public readonly nint ContextOf(CUstream stream) => Session.Handles.ContextOf(stream, _lane.CurrentContext);

    /// <summary>Whether all arguments were read: what is thrown before comes from the frame, what is thrown after from the driver or from us.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether nobody waits for the answer.</summary>
    public readonly bool IsPosted => (_header.Flags & FrameFlags.Posted) != 0;

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

    /// <summary>A handle argument as the driver's value. A stale or foreign one makes <see cref="Begin"/> answer what CUDA answers.</summary>
    public nint ReadHandle(HandleKind kind, bool optional = false) => ReadHandle(kind, out _, optional);

    /// <summary>A handle argument as the driver's value and as the session's id, for <see cref="Release"/>.</summary>
    public nint ReadHandle(HandleKind kind, out nint id, bool optional = false)
    {
        id = (nint)_reader.ReadInt64();
        return Resolve(id, kind, optional);
    }

    /// <summary>Id that the client chose for what this call creates.</summary>
    public nint ReadNewHandle(HandleKind kind)
    {
        nint id = (nint)_reader.ReadInt64();
        if (HandleId.Kind(id) != kind || id >>> 8 <= 0 || Session.Handles.TryResolve(id, out _))
        {
            Malformed($"a new {kind} cannot be 0x{id:x}");
        }

        if (!Session.Handles.HasRoom)
        {
            _fault = CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }

        return id;
    }

    /// <summary>A structure, copied into the call's scratch memory; null where nil was sent and <paramref name="optional"/> allows it.</summary>
    public T* ReadStruct<T>(bool optional = false)
        where T : unmanaged
    {
        T* value = ReadArray<T>(out nuint count, optional);
        if (value != null && count != 1)
        {
            Malformed($"{count} of {typeof(T).Name} where one is due");
        }

        return value;
    }

    /// <summary>Elements, copied into the call's scratch memory; null where nil was sent and <paramref name="optional"/> allows it.</summary>
    public T* ReadArray<T>(out nuint count, bool optional = false)
        where T : unmanaged
    {
        if (_reader.TryReadNil())
        {
            count = 0;
            return optional ? null : throw new ProtocolException($"nil for a {typeof(T).Name} of {Name}");
        }

        ReadOnlySpan<byte> bytes = _reader.ReadBytes();
        count = (nuint)bytes.Length / (nuint)sizeof(T);
        if (count * (nuint)sizeof(T) != (nuint)bytes.Length)
        {
            Malformed($"{bytes.Length} bytes are no whole number of {typeof(T).Name}");
        }

        byte* copy = _lane.Scratch.Take((nuint)bytes.Length);
        // SAFETY: the memory just taken is as long.
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        return (T*)copy;
    }

    /// <summary>A string as NUL-terminated bytes in scratch memory.</summary>
    public byte* ReadString(bool optional = false)
    {
        if (_reader.TryReadNil())
        {
            return optional ? null : throw new ProtocolException($"nil for a string of {Name}");
        }

        ReadOnlySpan<byte> text = _reader.ReadString();
        byte* copy = _lane.Scratch.Take((nuint)text.Length + 1);
        // SAFETY: the memory just taken is a byte longer, and that one stays zero.
        text.CopyTo(new Span<byte>(copy, text.Length));
        return copy;
    }

    /// <summary>Handles as driver's values, in scratch memory.</summary>
    public nint* ReadHandles(HandleKind kind, out nuint count, bool optional = false)
    {
        nint* ids = ReadArray<nint>(out count, optional);
        for (nuint index = 0; ids != null && index < count; index++)
        {
            ids[index] = Resolve(ids[index], kind, optional: false);
        }

        return ids;
    }

    /// <summary>The whole bulk of the frame, which must be <paramref name="bytes"/> long, in scratch memory.</summary>
    public byte* ReadBulk(nuint bytes)
    {
        if (bytes > (nuint)ProtocolLimits.WholeBulk)
        {
            Malformed($"bulk of {bytes} bytes; at most {ProtocolLimits.WholeBulk} are allowed");
        }

        ExpectBulk(bytes);
        return _lane.ReadWholeBulk(bytes);
    }

    /// <summary>The frame must have this many bytes of bulk, for calls that take them in pieces by <see cref="ReadBulkPiece(nuint)"/>.</summary>
    public void ExpectBulk(ulong bytes)
    {
        _hasBulk = true;
        if (_header.BulkLength != bytes)
        {
            Malformed($"bulk of {_header.BulkLength} bytes where {bytes} are due");
        }
    }

    /// <summary>The next <paramref name="bytes"/> of bulk, in the lane's staging memory, valid until the next piece.</summary>
    public readonly byte* ReadBulkPiece(nuint bytes) => _lane.ReadBulkPiece(bytes);

    /// <summary>The same, into memory of the caller's.</summary>
    public readonly void ReadBulkPiece(byte* destination, nuint bytes) => _lane.ReadBulkPiece(destination, bytes);

    /// <summary>Whether bulk can be used where it arrives, and made where it is sent from.</summary>
    public readonly bool IsInPlace => _lane.IsInPlace;

    /// <summary>The next bytes of bulk, at most <paramref name="most"/>, wherever they are; valid until the next piece.</summary>
    public readonly byte* NextBulk(ulong most, out nuint piece) => _lane.NextBulk((nuint)most, out piece);

    /// <summary>Zeroed memory for <paramref name="count"/> results.</summary>
    public readonly T* Scratch<T>(nuint count)
        where T : unmanaged
    {
        if (count > ProtocolLimits.Scratch)
        {
            Malformed($"{count} results wanted");
        }

        return (T*)_lane.Scratch.Take(count * (nuint)sizeof(T));
    }

    /// <summary>
    /// All arguments have been read: whether to call the driver. If not, the call has been answered, with an argument's fault or with
    /// the failure of an earlier posted call. On true the caller's context is current.
    /// </summary>
    /// <param name="reportsFailures">Whether the program sees the reply, and so may be told of a posted call's failure by it.</param>
    public bool Begin(bool reportsFailures = true)
    {
        if (!_reader.End)
        {
            Malformed("values behind the last argument");
        }

        if (!_hasBulk && _header.BulkLength != 0)
        {
            Malformed($"{_header.BulkLength} bytes of bulk where none are due");
        }

        HasBegun = true;

        if (reportsFailures && Session.HasDeferred && !ServerLane.EndsSomething(_header.CallId) && TryReportFailure())
        {
            return false;
        }

        if (_fault == CUresult.CUDA_SUCCESS)
        {
            _fault = _lane.MakeCurrent(_header.Context);
        }

        if (_fault != CUresult.CUDA_SUCCESS)
        {
            Reply(_fault);
            return false;
        }

        if (Session.Trace is { } trace)
        {
            BeginTrace(trace);
        }

        return true;
    }

    /// <summary>Answers the call with the failure of an earlier posted call, if there is one to report.</summary>
    public bool TryReportFailure()
    {
        if (IsPosted || !Session.TakeDeferred(_header.Context, out DeferredFailure deferred))
        {
            return false;
        }

        StartReply();
        _writer.Write((uint)deferred.Result);
        _writer.Write(deferred.CallId);
        Finish(FrameFlags.Deferred);
        return true;
    }

    /// <summary>The call itself changed the driver's current context on this thread.</summary>
    public readonly void ForgetCurrentContext() => _lane.ForgetCurrent();

    /// <summary>The lane's <see cref="ProtocolLimits.CopyPiece"/> bytes to stage pieces of a copy in.</summary>
    public readonly byte* Staging() => _lane.Staging();

    /// <summary>Where to put the next bytes of a reply's bulk, at most <paramref name="most"/>, for <see cref="SendBulkPiece"/>.</summary>
    public readonly byte* PlaceForPiece(ulong most, out nuint piece) => _lane.PlaceForPiece((nuint)most, out piece);

    /// <summary>Names the driver's value by the id the client chose; it ends with <paramref name="parent"/>, if it has one.</summary>
    public readonly void Bind(nint id, nint native, nint parent = 0, IReadOnlyDictionary<string, List<ParameterLayout>>? layouts = null) =>
        BindIn(_lane.CurrentContext, id, native, parent, layouts);

    /// <summary>The same for what belongs to another context than the current one.</summary>
    public readonly void BindIn(
        nint context, nint id, nint native, nint parent = 0, IReadOnlyDictionary<string, List<ParameterLayout>>? layouts = null)
    {
        if (Session.Handles.TryAdd(id, new ServerHandle(native, context, parent) { Layouts = layouts }))
        {
            return;
        }

        // Another lane of the session was faster with the same id. Nobody could name what was just made, so nobody would free it.
        _ = HandleId.PrimaryDevice(id) is int device
            ? Session.Driver.cuDevicePrimaryCtxRelease_v2(device)
            : ServerHandles.Destroy(Session.Driver, HandleId.Kind(id), native);
        Malformed($"handle 0x{id:x} exists already");
    }

    /// <summary>The handle was destroyed.</summary>
    public readonly void Release(nint id) => Session.Handles.Remove(id);

    /// <summary>Bulk of the reply: zeroed scratch memory that is sent if the call succeeds.</summary>
    public byte* ReplyBulk(nuint bytes)
    {
        _replyBulkLength = bytes;
        return _replyBulk = _lane.Scratch.Take(bytes);
    }

    /// <summary>Sends bytes that the reply's bulk begins with, before <see cref="Reply"/>; at once, from where they are.</summary>
    public readonly void SendBulkPiece(byte* bytes, nuint length) => _lane.SendPiece(_header, bytes, length);

    /// <summary>
    /// Answers the call. True if results are to be written now; a posted call's failure is remembered for the session's next synchronous call.
    /// </summary>
    public bool Reply(CUresult status)
    {
        if (_began != 0)
        {
            EndTrace(Session.Trace!, status);
        }

        // The driver was asked in no context where the client's thread has one that has ended.
        if (status == CUresult.CUDA_ERROR_INVALID_CONTEXT && _fault == CUresult.CUDA_SUCCESS && HasBegun && _lane.IsContextGone
            && !ServerLane.EndsContext(_header.CallId))
        {
            status = CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED;
        }

        if (IsPosted)
        {
            _replied = true;
            if (status != CUresult.CUDA_SUCCESS)
            {
                Session.Remember(new DeferredFailure(_header.CallId, status, _header.Context));
            }

            return false;
        }

        if (status == CUresult.CUDA_SUCCESS && !Session.Twins.IsEmpty && ServerLane.ShowsWork(_header.CallId))
        {
            Session.Twins.Push();
        }

        StartReply();
        _writer.Write((uint)status);
        if (status != CUresult.CUDA_SUCCESS)
        {
            _replyBulkLength = 0;
        }

        return status == CUresult.CUDA_SUCCESS;
    }

    public void Write(bool value) => _writer.Write(value);

    public void Write(sbyte value) => _writer.Write(value);

    public void Write(byte value) => _writer.Write(value);

    public void Write(short value) => _writer.Write(value);

    public void Write(ushort value) => _writer.Write(value);

    public void Write(int value) => _writer.Write(value);

    public void Write(uint value) => _writer.Write(value);

    public void Write(long value) => _writer.Write(value);

    public void Write(ulong value) => _writer.Write(value);

    public void Write(nint value) => _writer.Write((long)value);

    public void Write(nuint value) => _writer.Write((ulong)value);

    public void Write(float value) => _writer.Write(value);

    public void Write(double value) => _writer.Write(value);

    /// <summary>A handle that the session has already; null for one it does not know.</summary>
    public void WriteHandle(HandleKind kind, nint native) => _writer.Write((long)Session.Handles.Find(kind, native));

    /// <summary>The session's number of a handle that goes out inside a structure; null for one it does not know.</summary>
    public readonly nint IdOf(HandleKind kind, nint native) =>
        kind == HandleKind.CUstream && HandleId.IsStreamConstant(native) ? native : Session.Handles.Find(kind, native);

    /// <summary>A handle that appeared in the driver by itself; it gets an id if it has none, and ends with <paramref name="parent"/>.</summary>
    public void WriteHandle(HandleKind kind, nint native, nint parent) => _writer.Write((long)Session.Handles.FindOrMint(kind, native, parent));

    /// <summary>Such handles, as an array.</summary>
    public void WriteHandles(HandleKind kind, ReadOnlySpan<nint> natives, nint parent)
    {
        nint[] ids = new nint[natives.Length];
        for (int index = 0; index < ids.Length; index++)
        {
            ids[index] = Session.Handles.FindOrMint(kind, natives[index], parent);
        }

        _writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(ids.AsSpan()));
    }

    public void WriteStruct<T>(T* value)
        where T : unmanaged => WriteArray(value, 1);

    public void WriteArray<T>(T* values, nuint count)
        where T : unmanaged => _writer.Write(new ReadOnlySpan<byte>(values, checked((int)(count * (nuint)sizeof(T)))));

    /// <summary>Ends the call: sends the reply that was begun. A call without one is our bug and answers so.</summary>
    public void Complete()
    {
        if (IsPosted)
        {
            return;
        }

        if (!_replied)
        {
            Reply(CUresult.CUDA_ERROR_UNKNOWN);
        }

        Finish(FrameFlags.None);
    }

    /// <summary>The frame is not what a correct client sends.</summary>
    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    public readonly void Malformed(string what) => ProtocolException.Throw($"{Name}: {what}");

    private readonly string Name => CallId.Name(_header.CallId) ?? $"call 0x{_header.CallId:x8}";

    /// <summary>The driver's value of a handle that came inside a structure; a bad one makes <see cref="Begin"/> answer so.</summary>
    public nint Resolve(nint id, HandleKind kind, bool optional = false)
    {
        nint native = Find(id, kind, optional);
        _stream = kind == HandleKind.CUstream ? native : _stream;
        return native;
    }

    /// <summary>Makes <see cref="Begin"/> answer this: an argument is one that CUDA refuses.</summary>
    public void Refuse(CUresult status) => _fault = status;

    private nint Find(nint id, HandleKind kind, bool optional)
    {
        if (id == 0 && (optional || kind == HandleKind.CUstream))
        {
            return 0;
        }

        if (kind == HandleKind.CUstream && HandleId.IsStreamConstant(id))
        {
            return id;
        }

        if (HandleId.Fits(HandleId.Kind(id), kind) && Session.Handles.TryResolve(id, out nint native))
        {
            return native;
        }

        if (kind == HandleKind.CUmemoryPool && HandleId.DefaultPoolDevice(id) is int device)
        {
            if (Session.DefaultPools.Find(device, out native) is not CUresult.CUDA_SUCCESS and var refused)
            {
                _fault = refused;
            }

            return native;
        }

        _fault = HandleId.Refusal(kind);
        return 0;
    }

    private void StartReply()
    {
        _replied = true;
        _writer = new BodyWriter(_lane.BeginReply());
    }

    private void Finish(FrameFlags flags)
    {
        if (_finished)
        {
            return;
        }

        _finished = true;
        _lane.SendReply(_header, flags, _replyBulk, _replyBulkLength);
    }
}
