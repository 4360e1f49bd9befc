using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Tracing;

/// <summary>Traces in files. docs/trace-format.md describes the bytes.</summary>
public static class TraceFile
{
    /// <summary>
    /// Reads a trace, also one that is being written, was cut off or is damaged: what can be read is there, and
    /// <see cref="Trace.Problems"/> says what is missing. Takes memory in proportion to the file's size.
    /// </summary>
    /// <exception cref="FormatException">The file is no trace, the first page of one, or one of another version of the format.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Trace Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new TraceReader().Read(file, path);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new IOException(Directory.Exists(path) ? $"{path} is a folder, and no trace" : failure.Message, failure);
        }
    }

    /// <summary>Writes a trace that was made up or changed, in place of a file that is there.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Trace trace)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(trace);
        using TraceOutput output = TraceOutput.Create(path, trace.Header.Began, origin: 0, replace: true);
        var writer = new TraceChunkWriter(output);
        WriteCommand(writer, trace.Header.Command, trace.Header.Processors, trace.Header.HasDeviceTimes);
        WriteServer(writer, trace.Header.Server, trace.Header.Device, trace.Header.RoundTrip);
        // Every call that is sent, or has times, gets a number by which they are joined.
        writer.SetSession(1);
        int thread = -1;
        foreach ((int index, TraceCall call) in trace.Calls.Index().OrderBy(static pair => pair.Item.Thread))
        {
            if (call.Thread != thread)
            {
                thread = call.Thread;
                writer.SetThread(trace.Threads[thread]);
            }

            ulong sequence = call.Class != TraceClass.Local || HasTimes(call) ? (ulong)index + 1 : 0;
            writer.Write(call, trace.Functions[call.Function], sequence, sequence);
        }

        foreach ((int index, TraceCall call) in trace.Calls.Index())
        {
            if (HasTimes(call))
            {
                writer.WriteTimes((ulong)index + 1, call.ServerBegin, call.ServerEnd, call.DeviceBegin, call.DeviceEnd);
            }
        }

        writer.Close();
    }

    /// <summary>Whether a file is a trace, of whatever version.</summary>
    internal static bool IsTrace(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> magic = stackalloc byte[TraceFormat.Magic.Length];
        return RandomAccess.Read(file, magic, 0) == magic.Length && magic.SequenceEqual(TraceFormat.Magic);
    }

    /// <summary>How many calls a trace has, and how many could not be recorded, without reading them.</summary>
    internal static (long Calls, long Lost) CountCalls(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[TraceFormat.LostAt + sizeof(long)];
        RandomAccess.Read(file, header, 0);
        long lost = BinaryPrimitives.ReadInt64LittleEndian(header[TraceFormat.LostAt..]);
        long calls = 0;
        long chunks = BinaryPrimitives.ReadUInt32LittleEndian(header[TraceFormat.ChunksAt..]);
        for (long chunk = 0; chunk < chunks; chunk++)
        {
            header = header[..TraceFormat.ChunkHeaderSize];
            if (RandomAccess.Read(file, header, TraceFormat.OffsetOf(chunk)) == header.Length)
            {
                calls += BinaryPrimitives.ReadUInt32LittleEndian(header[TraceFormat.CallsAt..]);
            }
        }

        return (calls, lost);
    }

    /// <summary>Says what the run is, in a chunk of its own.</summary>
    internal static void WriteCommand(TraceOutput output, IReadOnlyList<string> command, int processors, bool deviceTimes)
    {
        var writer = new TraceChunkWriter(output);
        WriteCommand(writer, command, processors, deviceTimes);
        writer.Close();
    }

    internal static void WriteCommand(TraceChunkWriter writer, IReadOnlyList<string> command, int processors, bool deviceTimes)
    {
        foreach (string argument in command)
        {
            writer.Write(TraceInfo.Argument, argument);
        }

        writer.Write(TraceInfo.Processors, processors.ToString(CultureInfo.InvariantCulture));
        if (deviceTimes)
        {
            writer.Write(TraceInfo.DeviceTimes, "");
        }
    }

    internal static void WriteServer(TraceChunkWriter writer, string server, string device, long roundTrip)
    {
        writer.Write(TraceInfo.Server, server);
        writer.Write(TraceInfo.Device, device);
        writer.Write(TraceInfo.RoundTrip, roundTrip.ToString(CultureInfo.InvariantCulture));
    }

    private static bool HasTimes(in TraceCall call) => call.ServerBegin >= 0 || call.DeviceBegin >= 0;
}
