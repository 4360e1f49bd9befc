using System.Buffers;
using System.Globalization;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>
/// A trace as comma-separated values, a line for each call (RFC 4180, with line feeds). <c>docs/trace-report.md</c> tells the columns.
/// </summary>
internal static class CsvExport
{
    public const string Header =
        "call,process,thread,thread_name,function,class,begin_ns,end_ns,result,round_trips,bytes_out,bytes_in,bytes_saved,stream,event,marks,"
        + "server_begin_ns,server_end_ns,device_begin_ns,device_end_ns";

    private static readonly SearchValues<char> s_quoted = SearchValues.Create(",\"\r\n");

    /// <summary>Writes all of it.</summary>
    public static void Write(TextWriter output, Trace trace)
    {
        string[] functions = [.. trace.Functions.Select(Text)];
        string[] threads = [.. trace.Threads.Select(static thread =>
            FormattableString.Invariant($"{thread.Process},{thread.Id},{Text(thread.Name)}"))];
        output.Write(Header);
        output.Write('\n');
        for (int index = 0; index < trace.Calls.Count; index++)
        {
            TraceCall call = trace.Calls[index];
            output.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{index},{threads[call.Thread]},{functions[call.Function]},{Readable.Class(call.Class)},{call.Begin},{call.End},{call.Result},"));
            output.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{call.RoundTrips},{call.BytesOut},{call.BytesIn},{call.BytesSaved},{call.Stream},{call.Event},{Marks(call.Marks)},"));
            output.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{Time(call.ServerBegin)},{Time(call.ServerEnd)},{Time(call.DeviceBegin)},{Time(call.DeviceEnd)}\n"));
        }
    }

    private static string Time(long time) => time < 0 ? "" : time.ToString(CultureInfo.InvariantCulture);

    private static string Marks(TraceMarks marks) =>
        marks == TraceMarks.None ? "" : marks.ToString().Replace(", ", "|", StringComparison.Ordinal).ToLowerInvariant();

    // Spreadsheets take what begins like a formula for one; the names come from a file.
    private static string Text(string text)
    {
        string clean = Readable.Clean(text);
        clean = clean.Length > 0 && clean[0] is '=' or '+' or '-' or '@' ? $"'{clean}" : clean;
        return clean.AsSpan().ContainsAny(s_quoted) ? $"\"{clean.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : clean;
    }
}
