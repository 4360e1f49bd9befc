namespace CudaRpc.Tracing;

/// <summary>Reads the times that a server sends: Times records, without their tag.</summary>
internal ref struct TimesReader(ReadOnlySpan<byte> bytes)
{
    private TraceRecords _records = new(bytes);
    private long _lastServer;
    private long _lastDevice;

    public ulong Sequence { get; private set; }

    public long ServerBegin { get; private set; }

    public long ServerEnd { get; private set; }

    public long DeviceBegin { get; private set; }

    public long DeviceEnd { get; private set; }

    /// <summary>Reads the next one; false where there is none.</summary>
    /// <exception cref="FormatException">The bytes are something else.</exception>
    public bool Read()
    {
        if (_records.IsAtEnd)
        {
            return false;
        }

        byte parts = _records.ReadByte();
        if (parts is 0 or > (TraceTag.OfServer | TraceTag.OfDevice))
        {
            throw _records.Broken();
        }

        Sequence += (ulong)_records.ReadSigned();
        (ServerBegin, ServerEnd) = (parts & TraceTag.OfServer) != 0 ? Span(ref _lastServer) : (-1, -1);
        (DeviceBegin, DeviceEnd) = (parts & TraceTag.OfDevice) != 0 ? Span(ref _lastDevice) : (-1, -1);
        return true;
    }

    private (long Begin, long End) Span(ref long last)
    {
        long begin = last + _records.ReadSigned();
        long duration = _records.ReadNumber(1L << 60);
        if (begin is < 0 or > 1L << 60)
        {
            throw _records.Broken();
        }

        last = begin + duration;
        return (begin, last);
    }
}
