using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>
/// A trace for chrome://tracing and ui.perfetto.dev (Trace Event Format, JSON object form; times are microseconds). The program's threads
/// are tracks of its process; the server, by client thread, and the device, by stream, are processes of their own. Arrows lead from a call
/// to its execution by the server and to its work on the device.
/// </summary>
internal sealed class ChromeExport
{
    private const int Counts = 1000;
    private const int FlushAt = 64 << 10;

    // Numbers of processes and threads that Linux does not give (its bound is 2^22).
    private const int ServerProcess = 1 << 23;
    private const int DeviceProcess = 1 << 24;
    private const int FirstTrack = 1 << 23;

    private readonly Trace _trace;
    private readonly Utf8JsonWriter _json;
    private readonly string[] _functions;
    private readonly Dictionary<int, int> _processes = [];
    private readonly Tracks _server = new(FirstTrack);
    private readonly Tracks _device = new(FirstTrack);
    private readonly long[] _out = new long[Counts];
    private readonly long[] _in = new long[Counts];

    // Found by looking at every call.
    private readonly long _duration;

    private ChromeExport(Trace trace, Utf8JsonWriter json)
    {
        (_trace, _json, _duration) = (trace, json, trace.Duration);
        _functions = [.. trace.Functions.Select(Readable.Clean)];
        foreach (TraceThread thread in trace.Threads)
        {
            _processes.TryAdd(thread.Process, _processes.Count);
        }
    }

    /// <summary>Writes all of it, as it goes; what is kept does not grow with the number of calls but for an order of them.</summary>
    public static void Write(Stream output, Trace trace)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.Default });
        new ChromeExport(trace, json).Write();
    }

    private void Write()
    {
        _json.WriteStartObject();
        _json.WriteString("displayTimeUnit", "ns");
        _json.WriteStartObject("otherData");
        _json.WriteString("command", Readable.Clean(string.Join(' ', _trace.Header.Command)));
        _json.WriteString("server", Readable.Clean(_trace.Header.Server));
        _json.WriteString("device", Readable.Clean(_trace.Header.Device));
        _json.WriteString("began", _trace.Header.Began.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        _json.WriteEndObject();
        _json.WriteStartArray("traceEvents");
        Calls();
        Elsewhere(_server, ServerProcess, "server", static call => (call.ServerBegin, call.ServerEnd), static call => call.Thread);
        Elsewhere(_device, DeviceProcess, "device", static call => (call.DeviceBegin, call.DeviceEnd), static call => call.Stream);
        Names();
        Counters();
        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    private void Calls()
    {
        for (int index = 0; index < _trace.Calls.Count; index++)
        {
            TraceCall call = _trace.Calls[index];
            TraceThread thread = _trace.Threads[call.Thread];
            Slice(_functions[call.Function], Readable.Class(call.Class), thread.Process, thread.Id, call.Begin, call.End);
            _json.WriteStartObject("args");
            _json.WriteNumber("call", index);
            _json.WriteNumber("result", call.Result);
            _json.WriteNumber("round trips", call.RoundTrips);
            _json.WriteNumber("bytes out", call.BytesOut);
            _json.WriteNumber("bytes in", call.BytesIn);
            _json.WriteNumber("stream", call.Stream);
            _json.WriteNumber("event", call.Event);
            _json.WriteEndObject();
            _json.WriteEndObject();
            if (LeadsToServer(call) || LeadsToDevice(call))
            {
                Arrow("s", index, thread.Process, thread.Id, call.Begin);
            }

            _out[Bin(call.Begin)] += call.BytesOut;
            _in[Bin(call.End)] += call.BytesIn;
            Flush();
        }
    }

    // What happened of the calls somewhere else, in the order it began there: the tracks want it so.
    private void Elsewhere(Tracks tracks, int firstProcess, string where, Func<TraceCall, (long Begin, long End)> when,
        Func<TraceCall, int> owner)
    {
        int[] indices = [.. Enumerable.Range(0, _trace.Calls.Count)
            .Where(index => when(_trace.Calls[index]) is var (begin, end) && IsKnown(begin, end))];
        long[] begins = [.. indices.Select(index => when(_trace.Calls[index]).Begin)];
        Array.Sort(begins, indices);
        foreach (int index in indices)
        {
            TraceCall call = _trace.Calls[index];
            (long begin, long end) = when(call);
            int process = _trace.Threads[call.Thread].Process;
            int number = firstProcess + _processes[process];
            int track = tracks.For(process, owner(call), begin, end);
            Slice(_functions[call.Function], where, number, track, begin, end);
            _json.WriteStartObject("args");
            _json.WriteNumber("call", index);
            _json.WriteEndObject();
            _json.WriteEndObject();
            if (firstProcess == DeviceProcess ? LeadsToDevice(call) : LeadsToServer(call))
            {
                Arrow(firstProcess == DeviceProcess || !LeadsToDevice(call) ? "f" : "t", index, number, track, begin);
            }

            Flush();
        }
    }

    private void Names()
    {
        foreach ((int process, int order) in _processes)
        {
            Name("process_name", process, 0,
                Readable.Clean(_trace.Header.Command.Count == 0 ? "program" : Path.GetFileName(_trace.Header.Command[0])));
            if (_server.All.Any(track => track.Process == process))
            {
                Name("process_name", ServerProcess + order, 0, $"server of {process}");
            }

            if (_device.All.Any(track => track.Process == process))
            {
                Name("process_name", DeviceProcess + order, 0, $"device of {process}");
            }
        }

        foreach (TraceThread thread in _trace.Threads)
        {
            Name("thread_name", thread.Process, thread.Id, Readable.Thread(thread.Name, thread.Id));
        }

        foreach (Track track in _server.All)
        {
            TraceThread thread = _trace.Threads[track.Owner];
            Name("thread_name", ServerProcess + _processes[track.Process], track.Number,
                $"for {Readable.Thread(thread.Name, thread.Id)}{More(track)}");
        }

        foreach (Track track in _device.All)
        {
            string stream = track.Owner == 0 ? "default stream" : $"stream {track.Owner}";
            Name("thread_name", DeviceProcess + _processes[track.Process], track.Number, stream + More(track));
        }
    }

    private void Counters()
    {
        if (_trace.Calls.Count == 0)
        {
            return;
        }

        int process = _trace.Threads[_trace.Calls[0].Thread].Process;
        for (int count = 0; count < Counts; count++)
        {
            // A viewer holds a value until the next one.
            if (count > 0 && _out[count] == _out[count - 1] && _in[count] == _in[count - 1])
            {
                continue;
            }

            Begin("C", "bytes", process, 0, First + (long)((Int128)_duration * count / Counts));
            _json.WriteStartObject("args");
            _json.WriteNumber("to the server", _out[count]);
            _json.WriteNumber("from the server", _in[count]);
            _json.WriteEndObject();
            _json.WriteEndObject();
            Flush();
        }
    }

    private long First => _trace.Calls[0].Begin;

    private int Bin(long time) =>
        _duration <= 0 ? 0 : (int)Int128.Clamp((Int128)(time - First) * Counts / _duration, 0, Counts - 1);

    private static string More(Track track) => track.Lane == 0 ? "" : $" ({track.Lane + 1})";

    private static bool IsKnown(long begin, long end) => begin >= 0 && end >= begin;

    // Clocks are compared as well as a round trip lets them be: an arrow that would lead back in time is not drawn, for viewers drop it.
    private static bool LeadsToServer(in TraceCall call) => IsKnown(call.ServerBegin, call.ServerEnd) && call.ServerBegin >= call.Begin;

    private static bool LeadsToDevice(in TraceCall call) => IsKnown(call.DeviceBegin, call.DeviceEnd)
        && call.DeviceBegin >= (LeadsToServer(call) ? call.ServerBegin : call.Begin);

    // Leaves the object open for its arguments.
    private void Slice(string name, string category, int process, int thread, long begin, long end)
    {
        Begin("X", name, process, thread, begin);
        _json.WriteString("cat", category);
        _json.WriteNumber("dur", Math.Max(0, end - begin) / 1000m);
    }

    private void Arrow(string phase, int id, int process, int thread, long time)
    {
        Begin(phase, "call", process, thread, time);
        _json.WriteString("cat", "flow");
        _json.WriteNumber("id", id);
        if (phase == "f")
        {
            _json.WriteString("bp", "e");
        }

        _json.WriteEndObject();
    }

    private void Name(string kind, int process, int thread, string name)
    {
        Begin("M", kind, process, thread, 0);
        _json.WriteStartObject("args");
        _json.WriteString("name", name);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void Begin(string phase, string name, int process, int thread, long time)
    {
        _json.WriteStartObject();
        _json.WriteString("ph", phase);
        _json.WriteString("name", name);
        _json.WriteNumber("pid", process);
        _json.WriteNumber("tid", thread);
        _json.WriteNumber("ts", time / 1000m);
    }

    private void Flush()
    {
        if (_json.BytesPending >= FlushAt)
        {
            _json.Flush();
        }
    }
}
