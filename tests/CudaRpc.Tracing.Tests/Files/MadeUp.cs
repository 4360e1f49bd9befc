namespace CudaRpc.Tracing.Tests.Files;

/// <summary>Traces of programs that never ran.</summary>
internal static class MadeUp
{
    private static readonly string[] s_functions =
        ["cuInit", "cuLaunchKernel", "cuMemcpyDtoH_v2", "cuStreamSynchronize", "cuModuleLoadData", "cuEventQuery"];

    private static readonly TraceHeader s_header = new()
    {
        Command = ["./program", "--size", "größer"],
        Server = "tcp://somewhere:14834",
        Device = "Simulated GPU",
        HasDeviceTimes = true,
        Began = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero),
        Processors = 8,
        RoundTrip = 23_456,
    };

    /// <summary>Calls of every kind, of three threads.</summary>
    public static Trace Trace(int calls, int seed)
    {
        var random = new Random(seed);
        TraceThread[] threads = [new(100, 100, "main"), new(100, 101, ""), new(200, 200, "a longer name")];
        long[] now = new long[threads.Length];
        List<TraceCall> made = [];
        for (int index = 0; index < calls; index++)
        {
            int thread = random.Next(threads.Length);
            long begin = now[thread] += 1 + random.Next(10_000);
            long end = now[thread] += random.Next(1000);
            bool sent = random.Next(3) > 0;
            bool served = sent && random.Next(4) > 0;
            bool device = served && random.Next(2) == 0;
            made.Add(new TraceCall
            {
                Thread = thread,
                Function = random.Next(s_functions.Length),
                Begin = begin,
                End = end,
                Class = sent ? (TraceClass)(1 + random.Next(3)) : TraceClass.Local,
                Marks = (TraceMarks)random.Next(16),
                Result = random.Next(5) == 0 ? random.Next(1000) : 0,
                RoundTrips = sent ? random.Next(3) : 0,
                BytesOut = sent ? random.NextInt64(1L << 40) : 0,
                BytesIn = sent ? random.NextInt64(1L << 40) : 0,
                BytesSaved = random.Next(1 << 20),
                Stream = random.Next(5),
                Event = random.Next(300),
                ServerBegin = served ? begin + 5 : -1,
                ServerEnd = served ? begin + 9 : -1,
                DeviceBegin = device ? begin + 20 : -1,
                DeviceEnd = device ? begin + 25 : -1,
            });
        }

        return new Trace(s_header, s_functions, threads, [.. made.OrderBy(static call => (call.Begin, call.End))], []);
    }

    /// <summary>Nothing but posted launches of one thread.</summary>
    public static Trace Launches(int calls) => new(
        s_header,
        s_functions,
        [new TraceThread(1, 1, "main")],
        [.. Enumerable.Range(0, calls).Select(static index => new TraceCall
        {
            Thread = 0, Function = 1, Begin = index * 400L, End = (index * 400L) + 130,
            Class = TraceClass.Posted, BytesOut = 96, Stream = 1,
            ServerBegin = -1, ServerEnd = -1, DeviceBegin = -1, DeviceEnd = -1,
        })],
        []);
}
