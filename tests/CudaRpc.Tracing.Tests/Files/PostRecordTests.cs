namespace CudaRpc.Tracing.Tests.Files;

/// <summary>Posted calls of which only the beginning is written.</summary>
public sealed class PostRecordTests : IDisposable
{
    private const int Launch = 1;
    private const int Record = 2;

    private readonly string _folder = Directory.CreateTempSubdirectory("cudarpc-trace-").FullName;

    private string FileName => Path.Combine(_folder, "a.cudatrace");

    [Fact]
    public void Read_PostsOfEveryKind_AreAsWritten()
    {
        var random = new Random(1);
        List<TraceCall> written = [];
        Write(writer =>
        {
            ulong sequence = 0;
            // Several chunks.
            for (int index = 0; index < 50_000; index++)
            {
                int function = random.Next(8) == 0 ? Record : Launch;
                long bytes = random.Next(4) == 0 ? random.Next(4096) : 96;
                sequence += random.Next(10) == 0 ? 1 + (ulong)random.Next(1000) : 1;
                var marks = random.Next(5) == 0 ? TraceMarks.Carried : TraceMarks.None;
                (int stream, int @event) = (random.Next(3), random.Next(2));
                writer.WritePost(function, NameOf(function), index * 300L, sequence, bytes, marks, stream, @event);
                written.Add(Posted(index * 300L, 0) with
                {
                    Function = function, BytesOut = bytes, Marks = marks | TraceMarks.Estimated, Stream = stream, Event = @event,
                });
            }
        });

        Trace read = TraceFile.Read(FileName);
        Assert.Empty(read.Problems);
        Assert.Equal(
            written.Select(static call => (NameOf(call.Function), call with { Function = 0 })),
            read.Calls.Select(call => (read.NameOf(call), call with { Function = 0 })));
    }

    [Fact]
    public void End_NotLookedAt_IsTheMedianOfThoseThatWere()
    {
        Write(static writer =>
        {
            foreach ((long begin, long takes) in (ReadOnlySpan<(long, long)>)[(0, 90), (1000, 100), (2000, 900)])
            {
                writer.Write(Posted(begin, takes), NameOf(Launch), (ulong)begin + 1, (ulong)begin + 1);
            }

            writer.WritePost(Launch, NameOf(Launch), 4000, 4001, 96, TraceMarks.None, 0, 0);
        });

        Assert.Equal(4100, TraceFile.Read(FileName).Calls[^1].End);
    }

    [Fact]
    public void End_NotLookedAt_IsNotAfterTheNextCallBegins()
    {
        Write(static writer =>
        {
            writer.Write(Posted(0, 500), NameOf(Launch), 1, 1);
            writer.WritePost(Launch, NameOf(Launch), 1000, 2, 96, TraceMarks.None, 0, 0);
            writer.WritePost(Launch, NameOf(Launch), 1200, 3, 96, TraceMarks.None, 0, 0);
        });

        Assert.Equal([500, 1200, 1700], TraceFile.Read(FileName).Calls.Select(static call => call.End));
    }

    [Theory]
    [InlineData(TraceMarks.Waited, 96)]
    [InlineData(TraceMarks.Woke, 96)]
    [InlineData(TraceMarks.None, 10_000)]
    public void End_OfACallThatWasKept_IsNoMeasureForOthers(TraceMarks marks, long bytes)
    {
        Write(writer =>
        {
            writer.Write(Posted(0, 100), NameOf(Launch), 1, 1);
            foreach (long begin in (ReadOnlySpan<long>)[100_000, 200_000])
            {
                writer.Write(Posted(begin, 20_000) with { Marks = marks, BytesOut = bytes }, NameOf(Launch), 2, 2);
            }

            writer.WritePost(Launch, NameOf(Launch), 400_000, 3, 96, TraceMarks.None, 0, 0);
        });

        Assert.Equal(400_100, TraceFile.Read(FileName).Calls[^1].End);
    }

    [Fact]
    public void WantsEnd_OfACommonFunction_IsRareAndOfARareOneAlways()
    {
        Write(static writer =>
        {
            Assert.InRange(Enumerable.Range(0, 10_000).Count(_ => writer.WantsEnd(Launch)), 500, 800);
            Assert.All(Enumerable.Range(0, 20), _ => Assert.True(writer.WantsEnd(Record)));
        });
    }

    [Fact]
    public void Write_EstimatedCall_KeepsItsEnd()
    {
        var trace = new Trace(
            MadeUp.Launches(0).Header, ["cuLaunchKernel"], [new TraceThread(1, 1, "main")],
            [Posted(100, 77) with { Function = 0, Marks = TraceMarks.Estimated }], []);
        TraceFile.Write(FileName, trace);
        Assert.Equal(trace.Calls, TraceFile.Read(FileName).Calls);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(Action<TraceChunkWriter> write)
    {
        using TraceOutput output = TraceOutput.Create(FileName);
        var writer = new TraceChunkWriter(output);
        writer.SetThread(new TraceThread(1, 2, "main"));
        write(writer);
        writer.Close();
    }

    private static string NameOf(int function) => function == Launch ? "cuLaunchKernel" : "cuEventRecord";

    private static TraceCall Posted(long begin, long takes) => new()
    {
        Thread = 0, Function = Launch, Begin = begin, End = begin + takes, Class = TraceClass.Posted, BytesOut = 96,
        ServerBegin = -1, ServerEnd = -1, DeviceBegin = -1, DeviceEnd = -1,
    };
}
