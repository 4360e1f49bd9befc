using CudaRpc.Tracing;

namespace CudaRpc.Model;

/// <summary>A traced program, ready to be replayed as often as one likes.</summary>
internal sealed class ProgramSteps
{
    /// <summary>Bytes that a call posts at most without sending them itself, and what its frame has besides.</summary>
    public const long PostedBulk = (64 << 10) + 512;

    private const int NotReady = 600; // CUDA_ERROR_NOT_READY

    // A small frame each way: header, a few arguments; header, status and a result.
    public const int SmallCall = 48;
    public const int SmallReply = 40;
    // Of a call that was posted: cheaper than this many of the calibrated ones, or it waited for the network.
    private const int PostBound = 4;

    // Two round trips with a thread that is made on the other side.
    private const long ShortestConnect = 100_000;

    private readonly Trace _trace;
    private readonly ModelCosts _costs;
    private readonly Techniques _without;
    private readonly CallCosts _calls;
    private readonly ThreadAnchors _anchors;

    // Without a server, over shared memory, or by an older build, nobody noted which calls woke the thread that sends.
    private readonly bool _knowsWakes;

    private ProgramSteps(Trace trace, ModelCosts costs, Techniques without)
    {
        (_trace, _costs, _without) = (trace, costs, without);
        _calls = CallCosts.Of(trace, costs);
        _knowsWakes = !trace.Header.Server.StartsWith("shm:", StringComparison.Ordinal)
            && trace.Calls.Any(static call => call.Marks.HasFlag(TraceMarks.Woke));
        var calls = new List<int>[trace.Threads.Count];
        for (int thread = 0; thread < calls.Length; thread++)
        {
            calls[thread] = [];
        }

        for (int index = 0; index < trace.Calls.Count; index++)
        {
            calls[trace.Calls[index].Thread].Add(index);
        }

        _anchors = ThreadAnchors.Find(trace, calls);
        int[] stepOf = new int[trace.Calls.Count];
        Threads = [.. calls.Select(list => Steps(list, stepOf))];
        Anchors = [.. _anchors.All.Select(anchor => anchor with { Call = stepOf[anchor.Call] })];
        foreach (Anchor anchor in Anchors)
        {
            Threads[anchor.Thread][anchor.Call].IsAnchor = true;
        }

        int[] processes = [.. trace.Threads.Select(thread => thread.Process).Distinct()];
        SessionOf = [.. trace.Threads.Select(thread => Array.IndexOf(processes, thread.Process))];
        Sessions = processes.Length;
        Calls = trace.Calls.Count;
        Streams = trace.Calls.Max(call => call.Stream) + 1;
        Events = trace.Calls.Max(call => call.Event) + 1;
    }

    /// <summary>For each thread what it does, in order; its first step's own time counts from the beginning of the trace, or from its anchor.</summary>
    public Step[][] Threads { get; }

    /// <summary>Their <see cref="Anchor.Call"/> is the index of a step of its thread.</summary>
    public Anchor[] Anchors { get; }

    /// <summary>For each thread the number of its process's session.</summary>
    public int[] SessionOf { get; }

    public int Sessions { get; }

    public int Calls { get; }

    public int Streams { get; }

    public int Events { get; }

    public static ProgramSteps Of(Trace trace, ModelCosts costs, Techniques without) => new(trace, costs, without);

    private Step[] Steps(List<int> calls, int[] stepOf)
    {
        var steps = new List<Step>(calls.Count);
        bool isConnected = false;
        for (int index = 0; index < calls.Count; index++)
        {
            TraceCall call = _trace.Calls[calls[index]];
            long before = index == 0 ? _trace.Calls[0].Begin : _trace.Calls[calls[index - 1]].End;
            Step step = StepOf(calls[index], call);
            step.Think = Math.Max(0, call.Begin - before);
            if (_anchors.Of.TryGetValue(calls[index], out (int First, int Count, long After) anchors))
            {
                (step.FirstAnchor, step.Anchors, step.Think) = (anchors.First, anchors.Count, anchors.After);
            }

            if (!isConnected && step.Kind != StepKind.Local)
            {
                isConnected = true;
                Connect(ref step, call);
            }

            stepOf[calls[index]] = steps.Count;
            if (IsPoll(call) && call.Result == NotReady && step.Kind != StepKind.Local)
            {
                index = Poll(calls, index, ref step, stepOf, steps.Count);
            }

            steps.Add(step);
        }

        return [.. steps];
    }

    // Polls in vain up to the one that succeeds are one step, made as often as it takes. Index of the last call taken.
    private int Poll(List<int> calls, int index, ref Step step, int[] stepOf, int number)
    {
        TraceCall first = _trace.Calls[calls[index]];
        long thinking = 0;
        for (int next = index + 1; next < calls.Count; next++)
        {
            TraceCall call = _trace.Calls[calls[next]];
            if (call.Function != first.Function || call.Event != first.Event || call.Stream != first.Stream || _anchors.Of.ContainsKey(calls[next]))
            {
                break;
            }

            thinking += call.Begin - _trace.Calls[calls[next - 1]].End;
            if (call.Result == NotReady)
            {
                continue;
            }

            stepOf.AsSpan()[calls[next]] = number;
            foreach (int taken in calls[index..next])
            {
                stepOf[taken] = number;
            }

            step.Kind = StepKind.Poll;
            step.PollThink = Math.Max(0, thinking / (next - index));
            step.ServerCost = Math.Min(step.ServerCost, _calls.Server[calls[next]]);
            return next;
        }

        // Given up: as many polls as were recorded.
        return index;
    }

    // A thread's first call that travels opens its lane, unless the trace begins later. What that took beside the round trips is the machine's, and
    // the recording has it.
    private void Connect(ref Step step, in TraceCall call)
    {
        long itself = call.Class == TraceClass.Posted ? 0 : (step.RoundTrips * _trace.Header.RoundTrip) + Math.Max(0, call.ServerEnd - call.ServerBegin);
        long took = call.End - call.Begin - itself;
        step.Connects = _trace.Header.RoundTrip == 0 || took > ShortestConnect;
        step.ClientCost = step.Connects && _trace.Header.RoundTrip > 0 ? took : step.ClientCost;
    }

    private static bool IsPoll(in TraceCall call) => (call.Marks & TraceMarks.Poll) != 0 && call.Class != TraceClass.Local;

    private Step StepOf(int index, in TraceCall call)
    {
        DeviceOperation operation = _calls.OperationOf(call);
        long took = Math.Max(0, call.End - call.Begin);
        var step = new Step
        {
            Kind = call.Class switch { TraceClass.Local => StepKind.Local, TraceClass.Posted => StepKind.Posted, _ => StepKind.Waiting },
            Operation = operation,
            WaitsForDevice = call.Class != TraceClass.Posted && (operation == DeviceOperation.CopyToHost
                || (operation is DeviceOperation.CopyToDevice or DeviceOperation.Work && FunctionKind.WaitsForItsWork(_trace.NameOf(call)))),
            Function = call.Function,
            Stream = call.Stream,
            Event = call.Event,
            RoundTrips = Math.Max(1, call.RoundTrips),
            ServerCost = _calls.Server[index],
            DeviceCost = _calls.Device[index],
            BytesOut = call.BytesOut,
            BytesIn = call.BytesIn,
        };
        switch (step.Kind)
        {
            case StepKind.Local:
                step.ClientCost = took;
                break;
            case StepKind.Posted:
                bool hasSent = call.Marks.HasFlag(TraceMarks.Woke);
                step.FindsPumpAwake = _knowsWakes && !hasSent;
                // Much bulk is sent before the call returns, which is the network's matter. Without server times nobody knows whether it was held back.
                // What sending or waking took is charged where the replay has to.
                bool isOwn = !hasSent && !_calls.HeldBack[index] && call.ServerEnd >= 0 && call.BytesOut <= PostedBulk;
                double bound = (PostBound * _costs.Post) + (Math.Min(call.BytesOut, PostedBulk) * 1e9 / _costs.CopyOut);
                step.ClientCost = _trace.Header.RoundTrip == 0 ? (long)_costs.Post : isOwn ? took : (long)Math.Min(took, bound);
                break;
        }

        LeaveOut(ref step, call);
        return step;
    }

    private void LeaveOut(ref Step step, in TraceCall call)
    {
        bool waits = (step.Kind == StepKind.Local && _without.HasFlag(Techniques.Local))
            || (step.Kind == StepKind.Posted && _without.HasFlag(Techniques.Posting))
            || (step.Kind == StepKind.Posted && _without.HasFlag(Techniques.Minted) && call.Marks.HasFlag(TraceMarks.Minted));
        if (waits)
        {
            step.Kind = StepKind.Waiting;
            step.BytesOut = Math.Max(step.BytesOut, SmallCall);
            step.BytesIn = Math.Max(step.BytesIn, SmallReply);
        }

        if (_without.HasFlag(Techniques.Dedup))
        {
            step.BytesOut += call.BytesSaved;
        }
    }
}
