using System.Diagnostics;

namespace CudaRpc.Tracing;

/// <summary>The layout of a trace file: a page of words, then chunks of records. docs/trace-format.md describes it.</summary>
internal static class TraceFormat
{
    /// <summary>Bytes before the first chunk: a page.</summary>
    public const int HeaderSize = 4096;

    /// <summary>Bytes of a chunk, its header among them.</summary>
    public const int ChunkSize = 64 << 10;

    /// <summary>Bytes of a chunk's header.</summary>
    public const int ChunkHeaderSize = 32;

    /// <summary>The version of the format.</summary>
    public const uint Version = 2;

    /// <summary>The first word of a chunk: "CHNK".</summary>
    public const uint ChunkMagic = 0x4B4E_4843;

    // Words of the file's first page.
    public const int VersionAt = 8;
    public const int ChunkSizeAt = 12;
    public const int BeganAt = 16;
    public const int ClockAt = 24;
    public const int BootAt = 32;
    public const int ChunksAt = 64;
    public const int ProcessesAt = 72;
    public const int LostAt = 80;

    // Words of a chunk's header.
    public const int CommittedAt = 4;
    public const int SumAt = 8;
    public const int InstanceAt = 12;
    public const int CallsAt = 16;

    /// <summary>Functions that a chunk can name.</summary>
    public const int MaximumFunctions = 4096;

    /// <summary>Bytes of any text in a record.</summary>
    public const int MaximumText = 32 << 10;

    /// <summary>Bytes of a server's bunch of times.</summary>
    public const int LongestBunch = 32 << 10;

    /// <summary>The first bytes of the file.</summary>
    public static ReadOnlySpan<byte> Magic => "CUDATRAC"u8;

    /// <summary>Nanoseconds of the system's monotonic clock, which all processes of a machine share.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>Offset of a chunk in the file.</summary>
    public static long OffsetOf(long chunk) => HeaderSize + (chunk * ChunkSize);
}

/// <summary>What a record begins with; a call has the highest bit instead.</summary>
internal static class TraceTag
{
    /// <summary>The name of the chunk's next function.</summary>
    public const byte Name = 1;

    /// <summary>Whose calls follow; times count from the trace's beginning again.</summary>
    public const byte Thread = 2;

    /// <summary>The session that carried the calls that follow; sequence numbers count from 0 again.</summary>
    public const byte Session = 3;

    /// <summary>Something about the run as a whole.</summary>
    public const byte Info = 4;

    /// <summary>When the server's driver, or the device, did what a call asked for.</summary>
    public const byte Times = 5;

    /// <summary>Server's times that were not kept.</summary>
    public const byte Lost = 6;

    /// <summary>Times as a server has sent them, by its clock.</summary>
    public const byte Bunch = 7;

    /// <summary>
    /// A posted call of one frame and without a result, whose end was not looked at: the commonest. The bits below say which fields follow.
    /// </summary>
    public const byte Post = 0x40;

    // Of a Post record: what is as it was in the last one, or comes next.
    public const byte NextSequence = 0x01;
    public const byte SameFunction = 0x02;
    public const byte SameBytes = 0x04;

    /// <summary>Any call; the bits below say which fields follow.</summary>
    public const byte Call = 0x80;

    public const byte ClassBits = 0x03;
    public const byte HasResult = 0x04;
    public const byte HasMarks = 0x08;
    public const byte HasStream = 0x10;
    public const byte HasEvent = 0x20;

    /// <summary>Bytes, round trips and sequence numbers follow.</summary>
    public const byte IsSent = 0x40;

    /// <summary>Of a Times record: which pairs follow.</summary>
    public const byte OfServer = 1;

    public const byte OfDevice = 2;
}

/// <summary>What an Info record tells.</summary>
internal enum TraceInfo : byte
{
    /// <summary>The next word of the command.</summary>
    Argument = 1,
    Server = 2,
    Device = 3,
    DeviceTimes = 4,
    Processors = 5,

    /// <summary>Nanoseconds, in digits.</summary>
    RoundTrip = 6,
}
