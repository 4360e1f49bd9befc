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
    /// <exception cref="FormatException">The file is no trace, or one of another version of the format.</exception>
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
            throw new IOException(failure.Message, failure);
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
        WriteHeader(writer, trace.Header);
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

    internal static void WriteHeader(TraceChunkWriter writer, TraceHeader header)
    {
        foreach (string argument in header.Command)
        {
            writer.Write(TraceInfo.Argument, argument);
        }

        WriteServer(writer, header.Server, header.Device, header.RoundTrip);
        writer.Write(TraceInfo.Processors, header.Processors.ToString(CultureInfo.InvariantCulture));
        if (header.HasDeviceTimes)
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
