using System.Diagnostics;
using System.Runtime;
using CudaRpc.Protocol;
using CudaRpc.Transport;

namespace CudaRpc.Server.Commands.Bench;

/// <summary>Measures one server, and the baseline in turns with it, so that what disturbs one disturbs the other.</summary>
/// <param name="program">What is measured.</param>
/// <param name="another">Opens one more like it, in a session of its own; null where there can be no other.</param>
/// <param name="raw">The baseline; null where there is none.</param>
/// <param name="effort">How much is measured.</param>
internal sealed class ServerBench(BenchProgram program, Func<BenchProgram>? another, RawProgram? raw, BenchEffort effort)
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_compiled = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan s_longestWarmUp = TimeSpan.FromSeconds(15);
    private static readonly int[] s_threads = [1, 2, 4, 8];

    public ServerFigures Measure(ServerUrl url)
    {
        string transport = url.Scheme;
        WarmUp();
        return new ServerFigures(
            url.ToString(), program.Device, Synchronous(transport), Posted(), Threads(),
            another is null ? [] : [.. s_threads.Select(sessions => Sessions(sessions, another))], [.. effort.Sizes.Select(size => Copies(transport, size))]);
    }

    // Until the runtime has compiled nothing for a while, which the server, too, has had to do then: a call over shared memory takes twice as long
    // while its code waits to be optimized, and these threads keep the compiler waiting.
    private void WarmUp()
    {
        long start = Stopwatch.GetTimestamp(), last = start;
        long methods = 0;
        while (Stopwatch.GetElapsedTime(start) < s_warmUp || (Stopwatch.GetElapsedTime(last) < s_compiled && Stopwatch.GetElapsedTime(start) < s_longestWarmUp))
        {
            program.Synchronize(1000);
            program.LaunchRate(1, 50_000);
            program.LaunchRate(s_threads[^1], 50_000);
            program.LaunchCost(1000);
            if (JitInfo.GetCompiledMethodCount() is long now && now != methods)
            {
                (methods, last) = (now, Stopwatch.GetTimestamp());
            }
        }
    }

    private SynchronousFigures Synchronous(string transport)
    {
        CallStatistics before = program.Statistics;
        program.Synchronize(effort.Calls);
        CallStatistics spent = program.Statistics - before;
        long sent = spent.BytesSent / Math.Max(spent.Synchronous, 1), received = spent.BytesReceived / Math.Max(spent.Synchronous, 1);
        var calls = new List<Timing>();
        var baseline = new List<Timing>();
        for (int round = 0; round < effort.Rounds; round++)
        {
            calls.Add(program.Synchronize(effort.Calls));
            if (raw is not null && sent > 0)
            {
                baseline.Add(raw.PingPong(transport, sent, received, effort.Calls));
            }
        }

        return new SynchronousFigures(
            sent, received, Timing.MedianOf(calls), baseline.Count > 0 ? Timing.MedianOf(baseline) : null,
            Ratio(calls.Zip(baseline, (ours, theirs) => (double)ours.Median / theirs.Median)),
            Ratio(calls.Zip(baseline, (ours, theirs) => (double)ours.P99 / theirs.P99)));
    }

    private PostedFigures Posted()
    {
        CallStatistics before = program.Statistics;
        double rate = Median(() => program.LaunchRate(1, effort.Launches));
        CallStatistics spent = program.Statistics - before;
        return new PostedFigures(
            Median(() => program.LaunchCost(effort.Calls)), rate, (double)spent.BytesSent / Math.Max(spent.Posted, 1),
            spent.Posted > 0 ? program.AllocatedBytes(effort.Calls) : null);
    }

    // In turns: what disturbs one for a while disturbs the others.
    private ThreadFigures[] Threads()
    {
        double[][] rounds = [.. Enumerable.Range(0, effort.Rounds)
            .Select(_ => s_threads.Select(threads => program.LaunchRate(threads, effort.Launches)).ToArray())];
        return [.. s_threads.Select((threads, index) => new ThreadFigures(
            threads, Middle([.. rounds.Select(round => round[index])])!.Value, Ratio(rounds.Select(round => round[index] / round[0]))!.Value))];
    }

    private SessionFigures Sessions(int sessions, Func<BenchProgram> open)
    {
        BenchProgram[] programs = [.. Enumerable.Range(0, sessions).Select(_ => open())];
        try
        {
            return new SessionFigures(sessions, Median(() => BenchProgram.LaunchRate(programs, effort.Launches)));
        }
        finally
        {
            Array.ForEach(programs, static one => one.Dispose());
        }
    }

    private CopyFigures Copies(string transport, long size)
    {
        int count = (int)Math.Clamp(effort.CopyBytes / size, 3, effort.Calls);
        double[] up = new double[effort.Rounds], down = new double[effort.Rounds];
        var rawUp = new List<double>();
        var rawDown = new List<double>();
        // Nobody waits for a posted copy, and memory has no round trips: what the baseline does is another thing there.
        bool isPosted = size <= ProtocolLimits.PostedCopy, isMemory = transport == "shm";
        for (int round = 0; round < effort.Rounds; round++)
        {
            up[round] = program.Copy(toDevice: true, size, count);
            if (raw is not null && !isPosted)
            {
                rawUp.Add(Bandwidth(raw.Stream(transport, up: true, size, count)));
            }

            down[round] = program.Copy(toDevice: false, size, count);
            if (raw is not null && !(isPosted && isMemory))
            {
                rawDown.Add(Bandwidth(raw.Stream(transport, up: false, size, count)));
            }
        }

        return new CopyFigures(
            size, Middle(up)!.Value, Middle(down)!.Value, Middle(rawUp), Middle(rawDown),
            Ratio(up.Zip(rawUp, (ours, theirs) => ours / theirs)), Ratio(down.Zip(rawDown, (ours, theirs) => ours / theirs)));

        double Bandwidth(Timing one) => size * 1e9 / one.Median;
    }

    private double Median(Func<double> measure) => Middle([.. Enumerable.Range(0, effort.Rounds).Select(_ => measure())])!.Value;

    private static double? Ratio(IEnumerable<double> rounds) => Middle([.. rounds]);

    private static double? Middle(IReadOnlyCollection<double> values) => values.Count > 0 ? values.Order().ElementAt(values.Count / 2) : null;
}
