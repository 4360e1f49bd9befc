using CudaRpc.Tracing;

namespace CudaRpc.Tracing.Tests.Show;

/// <summary>Makes traces for tests: each call begins a microsecond after its thread's previous one unless told otherwise.</summary>
internal sealed class TraceBuilder
{
    private readonly List<string> _functions = [];
    private readonly List<TraceThread> _threads = [];
    private readonly List<TraceCall> _calls = [];
    private readonly List<long> _ends = [];

    public TraceBuilder(params (int Process, int Id, string Name)[] threads)
    {
        _threads.AddRange((threads.Length == 0 ? [(7, 70, "main")] : threads)
            .Select(static thread => new TraceThread(thread.Process, thread.Id, thread.Name)));
        _ends.AddRange(_threads.Select(static _ => 0L));
    }

    public TraceHeader Header { get; set; } = new()
    {
        Command = ["./program", "--fast"],
        Server = "tcp://gpu:14834",
        Device = "Simulated GPU",
        Began = new DateTimeOffset(2026, 11, 28, 10, 0, 0, TimeSpan.Zero),
        Processors = 2,
        RoundTrip = 10_000,
    };

    public List<string> Problems { get; } = [];

    public static TraceBuilder Repeat(int times, Action<TraceBuilder> step)
    {
        var builder = new TraceBuilder();
        for (int time = 0; time < times; time++)
        {
            step(builder);
        }

        return builder;
    }

    public TraceBuilder Call(
        string function, TraceClass answered, long takes = 500, int thread = 0, long pause = 1_000, Func<TraceCall, TraceCall>? with = null)
    {
        int index = _functions.IndexOf(function);
        if (index < 0)
        {
            index = _functions.Count;
            _functions.Add(function);
        }

        long begin = _ends[thread] + pause;
        var call = new TraceCall
        {
            Thread = thread,
            Function = index,
            Begin = begin,
            End = begin + takes,
            Class = answered,
            RoundTrips = answered is TraceClass.Synchronous or TraceClass.Blocking ? 1 : 0,
            BytesOut = answered == TraceClass.Local ? 0 : 100,
            BytesIn = answered is TraceClass.Synchronous or TraceClass.Blocking ? 40 : 0,
            ServerBegin = -1,
            ServerEnd = -1,
            DeviceBegin = -1,
            DeviceEnd = -1,
        };
        call = with?.Invoke(call) ?? call;
        _ends[thread] = call.End;
        _calls.Add(call);
        return this;
    }

    public TraceBuilder Launch(int stream = 0) => Call("cuLaunchKernel", TraceClass.Posted, with: call => call with { Stream = stream });

    public TraceBuilder Asks(string function, int result = 0, int stream = 0, int @event = 0, long bytesIn = 40) =>
        Call(function, TraceClass.Synchronous, 20_000, with: call =>
            call with { Result = result, Stream = stream, Event = @event, BytesIn = bytesIn });

    public TraceBuilder Waits(string function, int stream = 0, int @event = 0, long bytesIn = 40) =>
        Call(function, TraceClass.Blocking, 30_000, with: call => call with { Stream = stream, Event = @event, BytesIn = bytesIn });

    public Trace Build() => new(Header, _functions, _threads, [.. _calls.OrderBy(static call => call.Begin)], Problems);
}
