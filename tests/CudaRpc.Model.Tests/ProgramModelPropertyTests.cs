using CudaRpc.Tracing;
using CudaRpc.Transport.Emulation;
using Xunit;

namespace CudaRpc.Model.Tests;

// Of made-up programs with everything in them.
public sealed class ProgramModelPropertyTests
{
    private static readonly ModelCosts s_costs = new() { Post = 100, RoundTrip = 10_000, Wake = 20_000, CopyOut = 3e9, CopyIn = 3e9 };
    private static readonly double[] s_rtts = [0, 1, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000];
    private static readonly double[] s_gigabits = [1000, 400, 100, 40, 25, 10, 5, 1, 0.1];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Time_LongerRoundTrip_IsNoShorter(int seed)
    {
        ProgramModel model = ProgramModel.Of(Program(seed, polls: false), s_costs);
        foreach (double gigabits in s_gigabits)
        {
            NoShorter([.. s_rtts.Select(rtt => model.Time(Exact.Network(rtt, gigabits)))]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Time_LessBandwidth_IsNoShorter(int seed)
    {
        ProgramModel model = ProgramModel.Of(Program(seed, polls: false), s_costs);
        foreach (double rtt in s_rtts)
        {
            NoShorter([.. s_gigabits.Select(gigabits => model.Time(Exact.Network(rtt, gigabits)))]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Time_SameQuestion_HasTheSameAnswer(int seed)
    {
        var network = new NetworkConditions(TimeSpan.FromMicroseconds(100), 1e9, TimeSpan.FromMicroseconds(30));

        long[] answers = [.. Enumerable.Range(0, 3).Select(_ => ProgramModel.Of(Program(seed, polls: true), s_costs).Time(network))];

        Assert.Single(answers.Distinct());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void FreeTime_OfARecordedRun_IsItsTime(int seed)
    {
        // What the program did cost what the model is told, so nothing is left to explain.
        Trace trace = Program(seed, polls: true);

        Assert.InRange(ProgramModel.Of(trace, s_costs with { Wake = 0, PostWake = 0 }).FreeTime, trace.Duration * 0.95, trace.Duration * 1.05);
    }

    // A program of rounds: launches, a few allocations, a small copy, a wait for the device, now and then a large copy or polls.
    private static Trace Program(int seed, bool polls)
    {
        var random = new Random(seed);
        var program = new TraceMaker();
        int thread = program.Thread();
        for (int round = 0; round < 50; round++)
        {
            int launches = random.Next(1, 100);
            int device = random.Next(1, 20), stream = random.Next(1, 4);
            double begun = program.Now(thread);
            for (int launch = 0; launch < launches; launch++)
            {
                program.Post(thread, think: random.Next(0, 5), stream: stream, device: device);
            }

            program.Wait(thread, think: 3).Post(thread, function: "cuMemcpyHtoDAsync_v2", bytes: random.Next(1000, 60_000), stream: stream, cost: 5);
            // The device began with the first launch and is never idle, or is done when the wait comes.
            double left = Math.Max(0, begun + 5 + (launches * device) - program.Now(thread));
            if (polls && round % 5 == 0)
            {
                for (int count = (int)(left / 15) + 1; count >= 0; count--)
                {
                    program.Wait(thread, think: 5, function: "cuStreamQuery", stream: stream, marks: TraceMarks.Poll, result: count == 0 ? 0 : 600);
                }
            }
            else
            {
                program.Synchronize(thread, 10 + left, stream: stream);
            }

            if (round % 7 == 0)
            {
                program.Wait(thread, function: "cuMemcpyHtoD_v2", bytesOut: 3_000_000, cost: 1010, blocking: true);
            }
        }

        return program.Make();
    }

    private static void NoShorter(long[] times)
    {
        foreach ((int index, long time) in times.Index().Skip(1))
        {
            Assert.True(time >= times[index - 1], $"{string.Join(", ", times)}: number {index} is shorter");
        }
    }
}
