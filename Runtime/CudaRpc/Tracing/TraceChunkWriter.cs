using System.Text;

namespace CudaRpc.Tracing;

/// <summary>
/// Writes records to the chunks of a trace, one after the other. A record counts when it is whole, and each chunk can be read without the
/// others. For one thread at a time. Where the file cannot grow, records are counted as lost.
/// </summary>
internal sealed unsafe partial class TraceChunkWriter(TraceOutput output)
{
    // More than any record but a text takes.
    private const int LargestRecord = 128;

    // Characters of a thread's name; Linux knows 15.
    private const int LongestName = 64;

    private byte* _chunk;
    private byte* _position;
    private byte* _end;
    private TraceThread? _thread;
    private uint _session;
    private long _lastTime;
    private long _lastServer;
    private long _lastDevice;
    private ulong _lastSequence;

    /// <summary>The calls that follow are of this thread.</summary>
    public void SetThread(TraceThread thread)
    {
        _thread = thread.Name.Length <= LongestName ? thread : thread with { Name = thread.Name[..LongestName] };
        if (_chunk != null && Reserve(LargestRecord + (4 * LongestName)))
        {
            WriteThread();
            Commit();
        }
    }

    /// <summary>The calls and times that follow are of this session of the process.</summary>
    public void SetSession(uint session)
    {
        if (session == _session)
        {
            return;
        }

        _session = session;
        if (_chunk != null && Reserve(LargestRecord))
        {
            WriteSession();
            Commit();
        }
    }

    /// <summary>When the frame of that number was served, and when the device did its work; -1 for what is not known.</summary>
    public void WriteTimes(ulong sequence, long serverBegin, long serverEnd, long deviceBegin, long deviceEnd)
    {
        if (!Reserve(LargestRecord))
        {
            return;
        }

        *_position++ = TraceTag.Times;
        *_position++ = (byte)((serverBegin >= 0 ? TraceTag.OfServer : 0) | (deviceBegin >= 0 ? TraceTag.OfDevice : 0));
        WriteSigned((long)(sequence - _lastSequence));
        _lastSequence = sequence;
        if (serverBegin >= 0)
        {
            WriteSigned(serverBegin - _lastServer);
            Write((ulong)(serverEnd - serverBegin));
            _lastServer = serverEnd;
        }

        if (deviceBegin >= 0)
        {
            WriteSigned(deviceBegin - _lastDevice);
            Write((ulong)(deviceEnd - deviceBegin));
            _lastDevice = deviceEnd;
        }

        Commit();
    }

    /// <summary>Times as a server has sent them.</summary>
    /// <param name="shift">What to add to them to get nanoseconds since the trace began.</param>
    /// <param name="times">Times records without their tag, at most <see cref="TraceFormat.LongestBunch"/> bytes.</param>
    public void WriteBunch(long shift, ReadOnlySpan<byte> times)
    {
        if (Reserve(LargestRecord + times.Length))
        {
            *_position++ = TraceTag.Bunch;
            WriteSigned(shift);
            WriteBytes(times);
            Commit();
        }
    }

    /// <summary>Server's times that were not kept.</summary>
    public void WriteLost(long count)
    {
        if (Reserve(LargestRecord))
        {
            *_position++ = TraceTag.Lost;
            Write((ulong)count);
            Commit();
        }
    }

    /// <summary>Something about the run as a whole.</summary>
    public void Write(TraceInfo info, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = Math.Min(bytes.Length, TraceFormat.MaximumText);
        if (Reserve(LargestRecord + length))
        {
            *_position++ = TraceTag.Info;
            *_position++ = (byte)info;
            WriteBytes(bytes.AsSpan(0, length));
            Commit();
        }
    }

    /// <summary>Ends the current chunk; the next record begins another.</summary>
    public void Close()
    {
        if (_chunk != null)
        {
            TraceOutput.Return(_chunk);
            _chunk = null;
            _position = _end = null;
        }
    }

    private bool Reserve(int bytes) => _end - _position >= bytes || Next();

    private bool Next()
    {
        Close();
        _chunk = output.Take();
        if (_chunk == null)
        {
            return false;
        }

        _position = _chunk + TraceFormat.ChunkHeaderSize;
        _end = _chunk + TraceFormat.ChunkSize;
        ForgetFunctions();
        (_lastTime, _lastServer, _lastDevice, _lastSequence) = (0, 0, 0, 0);
        if (_thread is not null)
        {
            WriteThread();
        }

        if (_session != 0)
        {
            WriteSession();
        }

        Commit();
        return true;
    }

    private void WriteThread()
    {
        *_position++ = TraceTag.Thread;
        Write((uint)_thread!.Process);
        Write((uint)_thread.Id);
        WriteText(_thread.Name);
        _lastTime = 0;
    }

    private void WriteSession()
    {
        *_position++ = TraceTag.Session;
        Write(_session);
        _lastSequence = 0;
    }

    // The record is whole. A reader of the live file, or of what a dead process left, goes by this word.
    private void Commit() => Volatile.Write(ref *(uint*)(_chunk + TraceFormat.CommittedAt), (uint)(_position - _chunk));

    private void WriteText(string text)
    {
        Span<byte> bytes = stackalloc byte[text.Length * 4];
        WriteBytes(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        Write((uint)bytes.Length);
        bytes.CopyTo(new Span<byte>(_position, (int)(_end - _position)));
        _position += bytes.Length;
    }

    private void WriteSigned(long value) => _position = PutSigned(_position, value);

    private void Write(ulong value) => _position = Put(_position, value);

    private static byte* PutSigned(byte* position, long value) => Put(position, (ulong)((value << 1) ^ (value >> 63)));

    // LEB128. Returns where the next byte goes.
    private static byte* Put(byte* position, ulong value)
    {
        while (value > 0x7F)
        {
            *position++ = (byte)(value | 0x80);
            value >>= 7;
        }

        *position++ = (byte)value;
        return position;
    }
}
