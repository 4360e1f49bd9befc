using System.Runtime.CompilerServices;

namespace CudaRpc.Tracing;

// The calls of a thread. They are written while the program waits: a launch should cost it little more than a look at the clock.
internal sealed unsafe partial class TraceChunkWriter
{
    // Of each function's posted calls in a chunk, the first ones' ends are looked at, and then each of so many.
    private const int LooksFirst = 32;
    private const int LooksEach = 16;

    // A function's number in the current chunk and one more; 0 where the chunk has not named it yet. And how many of its ends were asked
    // for.
    private readonly (ushort Number, ushort Asked)[] _known = new (ushort, ushort)[TraceFormat.MaximumFunctions];
    private int _functions;
    private int _lastFunction;
    private long _lastBytes;

    /// <summary>
    /// Whether the end of a posted call is to be looked at although nothing kept it: enough are to know what such calls take, and the
    /// others save the look, which takes longer than all the rest of recording.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool WantsEnd(int function)
    {
        ref (ushort Number, ushort Asked) known = ref _known[function];
        int asked = known.Asked++;
        return asked < LooksFirst || asked % LooksEach == 0;
    }

    /// <summary>
    /// A posted call of one frame that returned success, begun not before the last call's end. When it returned is not known.
    /// </summary>
    public void WritePost(int function, string name, long begin, ulong sequence, long bytes, TraceMarks marks, int stream, int @event)
    {
        if (!Reserve(LargestRecord + (4 * name.Length)))
        {
            output.CountLost();
            return;
        }

        Name(function, name);
        // The position is kept in a register: what is written through it may be anything as far as the compiler knows.
        byte* start = _position;
        byte* at = start + 1;
        int tag = TraceTag.Post;
        if (function == _lastFunction)
        {
            tag |= TraceTag.SameFunction;
        }
        else
        {
            at = Put(at, (ulong)(_known[function].Number - 1));
            _lastFunction = function;
        }

        at = PutSigned(at, begin - _lastTime);
        _lastTime = begin;
        if (bytes == _lastBytes)
        {
            tag |= TraceTag.SameBytes;
        }
        else
        {
            at = Put(at, (ulong)bytes);
            _lastBytes = bytes;
        }

        if (sequence == _lastSequence + 1)
        {
            tag |= TraceTag.NextSequence;
        }
        else
        {
            at = PutSigned(at, (long)(sequence - _lastSequence));
        }

        _lastSequence = sequence;
        if (marks != 0)
        {
            tag |= TraceTag.HasMarks;
            *at++ = (byte)marks;
        }

        if (stream != 0)
        {
            tag |= TraceTag.HasStream;
            at = Put(at, (uint)stream);
        }

        if (@event != 0)
        {
            tag |= TraceTag.HasEvent;
            at = Put(at, (uint)@event);
        }

        *start = (byte)tag;
        _position = at;
        ++*(uint*)(_chunk + TraceFormat.CallsAt);
        Commit();
    }

    /// <summary>
    /// A call of the current thread. Its times are nanoseconds since the trace began, and not before the last call's end.
    /// </summary>
    /// <param name="call">The call; its function is the process's number of it.</param>
    /// <param name="name">The function's name.</param>
    /// <param name="first">Number of the first frame that was sent for it, in its session; 0 for none.</param>
    /// <param name="last">The last such number.</param>
    public void Write(in TraceCall call, string name, ulong first, ulong last)
    {
        if (!Reserve(LargestRecord + (4 * name.Length)))
        {
            output.CountLost();
            return;
        }

        Name(call.Function, name);
        int tag = TraceTag.Call | (int)call.Class
            | (call.Result != 0 ? TraceTag.HasResult : 0) | (call.Marks != 0 || call.BytesSaved != 0 ? TraceTag.HasMarks : 0)
            | (call.Stream != 0 ? TraceTag.HasStream : 0) | (call.Event != 0 ? TraceTag.HasEvent : 0)
            | (call.Class != TraceClass.Local || first != 0 ? TraceTag.IsSent : 0);
        *_position++ = (byte)tag;
        Write((ulong)(_known[call.Function].Number - 1));
        WriteSigned(call.Begin - _lastTime);
        Write((ulong)(call.End - call.Begin));
        _lastTime = call.End;
        if ((tag & TraceTag.IsSent) != 0)
        {
            Write((ulong)call.BytesOut);
            Write((ulong)call.BytesIn);
            Write((ulong)call.RoundTrips);
            WriteSigned((long)(first - _lastSequence));
            Write(last - first);
            _lastSequence = last;
        }

        if ((tag & TraceTag.HasResult) != 0)
        {
            Write((uint)call.Result);
        }

        if ((tag & TraceTag.HasMarks) != 0)
        {
            *_position++ = (byte)call.Marks;
            Write((ulong)call.BytesSaved);
        }

        if ((tag & TraceTag.HasStream) != 0)
        {
            Write((uint)call.Stream);
        }

        if ((tag & TraceTag.HasEvent) != 0)
        {
            Write((uint)call.Event);
        }

        ++*(uint*)(_chunk + TraceFormat.CallsAt);
        Commit();
    }

    private void Name(int function, string name)
    {
        if (_known[function].Number == 0)
        {
            *_position++ = TraceTag.Name;
            WriteText(name);
            _known[function].Number = (ushort)++_functions;
        }
    }

    private void ForgetFunctions()
    {
        Array.Clear(_known);
        (_functions, _lastFunction, _lastBytes) = (0, -1, -1);
    }
}
