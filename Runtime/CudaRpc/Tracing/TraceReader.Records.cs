namespace CudaRpc.Tracing;

// What is in a chunk.
internal sealed partial class TraceReader
{
    private void ReadRecords(ReadOnlySpan<byte> bytes, uint instance)
    {
        var records = new TraceRecords(bytes);
        var state = new TraceChunkState(instance);
        while (!records.IsAtEnd)
        {
            byte tag = records.ReadByte();
            switch (tag)
            {
                case >= TraceTag.Call:
                    ReadCall(ref records, state, tag);
                    break;
                case >= TraceTag.Post:
                    ReadPost(ref records, state, tag);
                    break;
                case TraceTag.Name:
                    state.Functions.Add(NumberOf(records.ReadText()));
                    break;
                case TraceTag.Thread:
                    (state.Thread, state.LastTime) = (ThreadOf(ref records, instance), 0);
                    break;
                case TraceTag.Session:
                    (state.Session, state.LastSequence) = ((uint)records.ReadNumber(uint.MaxValue), 0);
                    break;
                case TraceTag.Info:
                    ReadInfo(ref records);
                    break;
                case TraceTag.Times:
                    ReadTimes(ref records, state);
                    break;
                case TraceTag.Bunch:
                    ReadBunch(ref records, state);
                    break;
                case TraceTag.Lost:
                    _unservedTimes = Math.Min(Most, _unservedTimes + records.ReadNumber(Most));
                    break;
                default:
                    throw records.Broken();
            }
        }
    }

    private void ReadCall(ref TraceRecords records, TraceChunkState state, byte tag)
    {
        int function = (int)records.ReadNumber(TraceFormat.MaximumFunctions);
        long begin = state.LastTime + records.ReadSigned();
        long duration = records.ReadNumber(Most);
        if (function >= state.Functions.Count || state.Thread < 0 || begin is < 0 or > Most)
        {
            throw records.Broken();
        }

        state.LastTime = begin + duration;
        long bytesOut = 0, bytesIn = 0, roundTrips = 0, saved = 0;
        ulong first = 0, last = 0;
        if ((tag & TraceTag.IsSent) != 0)
        {
            bytesOut = records.ReadNumber(Most);
            bytesIn = records.ReadNumber(Most);
            roundTrips = records.ReadNumber(int.MaxValue);
            first = state.LastSequence + (ulong)records.ReadSigned();
            last = first + records.ReadUnsigned();
            state.LastSequence = last;
        }

        int result = (tag & TraceTag.HasResult) != 0 ? (int)(uint)records.ReadNumber(uint.MaxValue) : 0;
        TraceMarks marks = 0;
        if ((tag & TraceTag.HasMarks) != 0)
        {
            marks = (TraceMarks)records.ReadByte();
            saved = records.ReadNumber(Most);
        }

        int stream = (tag & TraceTag.HasStream) != 0 ? (int)records.ReadNumber(int.MaxValue) : 0;
        int @event = (tag & TraceTag.HasEvent) != 0 ? (int)records.ReadNumber(int.MaxValue) : 0;
        var call = new TraceCall
        {
            Thread = state.Thread,
            Function = state.Functions[function],
            Begin = begin,
            End = begin + duration,
            Class = (TraceClass)(tag & TraceTag.ClassBits),
            Marks = marks,
            Result = result,
            RoundTrips = (int)roundTrips,
            BytesOut = bytesOut,
            BytesIn = bytesIn,
            BytesSaved = saved,
            Stream = stream,
            Event = @event,
            ServerBegin = -1,
            ServerEnd = -1,
            DeviceBegin = -1,
            DeviceEnd = -1,
        };
        _join.Add(call, new TraceKey(state.Instance, state.Session, first), last);
    }

    private void ReadPost(ref TraceRecords records, TraceChunkState state, byte tag)
    {
        state.LastFunction = (tag & TraceTag.SameFunction) != 0
            ? state.LastFunction
            : (int)records.ReadNumber(TraceFormat.MaximumFunctions);
        state.LastTime += records.ReadSigned();
        state.LastBytes = (tag & TraceTag.SameBytes) != 0 ? state.LastBytes : records.ReadNumber(Most);
        state.LastSequence += (tag & TraceTag.NextSequence) != 0 ? 1 : (ulong)records.ReadSigned();
        if (state.LastFunction < 0 || state.LastFunction >= state.Functions.Count || state.Thread < 0 || state.LastTime is < 0 or > Most
            || state.LastBytes < 0)
        {
            throw records.Broken();
        }

        var call = new TraceCall
        {
            Thread = state.Thread,
            Function = state.Functions[state.LastFunction],
            Begin = state.LastTime,
            End = state.LastTime,
            Class = TraceClass.Posted,
            BytesOut = state.LastBytes,
            Marks = TraceMarks.Estimated | ((tag & TraceTag.HasMarks) != 0 ? (TraceMarks)records.ReadByte() : 0),
            Stream = (tag & TraceTag.HasStream) != 0 ? (int)records.ReadNumber(int.MaxValue) : 0,
            Event = (tag & TraceTag.HasEvent) != 0 ? (int)records.ReadNumber(int.MaxValue) : 0,
            ServerBegin = -1,
            ServerEnd = -1,
            DeviceBegin = -1,
            DeviceEnd = -1,
        };
        _join.Add(call, new TraceKey(state.Instance, state.Session, state.LastSequence), state.LastSequence);
    }

    private void ReadTimes(ref TraceRecords records, TraceChunkState state)
    {
        byte parts = records.ReadByte();
        if (parts is 0 or > (TraceTag.OfServer | TraceTag.OfDevice))
        {
            throw records.Broken();
        }

        state.LastSequence += (ulong)records.ReadSigned();
        (long serverBegin, long serverEnd) = (parts & TraceTag.OfServer) != 0 ? ReadSpan(ref records, ref state.LastServer) : (-1, -1);
        (long deviceBegin, long deviceEnd) = (parts & TraceTag.OfDevice) != 0 ? ReadSpan(ref records, ref state.LastDevice) : (-1, -1);
        _join.Add(new TraceKey(state.Instance, state.Session, state.LastSequence), serverBegin, serverEnd, deviceBegin, deviceEnd);
    }

    private void ReadBunch(ref TraceRecords records, TraceChunkState state)
    {
        long shift = records.ReadSigned();
        var times = new TimesReader(records.ReadBytes(TraceFormat.LongestBunch));
        while (times.Read())
        {
            _join.Add(
                new TraceKey(state.Instance, state.Session, times.Sequence),
                Shifted(times.ServerBegin, shift),
                Shifted(times.ServerEnd, shift),
                Shifted(times.DeviceBegin, shift),
                Shifted(times.DeviceEnd, shift));
        }
    }

    // Before the trace began there was nothing: a clock's error must not make it look so.
    private static long Shifted(long time, long shift) => time < 0 ? -1 : Math.Clamp(time + shift, 0, Most);

    private static (long Begin, long End) ReadSpan(ref TraceRecords records, ref long last)
    {
        long begin = last + records.ReadSigned();
        long duration = records.ReadNumber(Most);
        if (begin is < 0 or > Most)
        {
            throw records.Broken();
        }

        last = begin + duration;
        return (begin, last);
    }

    private void ReadInfo(ref TraceRecords records)
    {
        var info = (TraceInfo)records.ReadByte();
        string text = records.ReadText();
        if (info == TraceInfo.Argument)
        {
            _command.Add(text);
        }
        else
        {
            // Of several processes the first one's.
            _infos.TryAdd(info, text);
        }
    }

    private int ThreadOf(ref TraceRecords records, uint instance)
    {
        int process = (int)records.ReadNumber(int.MaxValue);
        int id = (int)records.ReadNumber(int.MaxValue);
        string name = records.ReadText();
        if (!_threadNumbers.TryGetValue((instance, process, id), out int number))
        {
            number = _threads.Count;
            _threads.Add(new TraceThread(process, id, name));
            _threadNumbers[(instance, process, id)] = number;
        }

        return number;
    }

    private int NumberOf(string function)
    {
        if (!_functionNumbers.TryGetValue(function, out int number))
        {
            number = _functions.Count;
            _functions.Add(function);
            _functionNumbers[function] = number;
        }

        return number;
    }
}
