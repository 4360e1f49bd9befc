using CudaRpc.Transport.Emulation;

namespace CudaRpc.Model;

/// <summary>
/// A program's run over a network that is not there: threads, link, server and device go from event to event in the order of time. The same
/// program and network give the same result.
/// </summary>
internal sealed partial class Replay
{
    private readonly ProgramSteps _program;
    private readonly ModelCosts _costs;
    private readonly Causes _free;
    private readonly long _connect;
    private readonly ThreadState[] _threads;
    private readonly SessionState[] _sessions;
    private readonly long[] _anchorTimes;
    private readonly Dictionary<(int Thread, int Step), List<int>> _anchorsAt = [];
    private readonly PriorityQueue<Happening, (long Time, long Number)> _queue = new();
    private readonly long[] _inCalls;
    private readonly long[] _waits;
    private long _number;
    private long _next = long.MaxValue;
    private long _end;

    private Replay(ProgramSteps program, int functions, ModelCosts costs, NetworkConditions network, Causes free)
    {
        (_program, _costs, _free) = (program, costs, free);
        (_up, _down) = (Direction(network, free, Causes.BytesOut, seed: 1), Direction(network, free, Causes.BytesIn, seed: 2));
        _outPerByte = free.HasFlag(Causes.BytesOut) ? 0 : 1e9 / network.BytesPerSecond;
        double underWay = double.IsInfinity(network.BytesPerSecond) ? MostUnderWay : (network.Rtt + network.Jitter).TotalSeconds * network.BytesPerSecond;
        _window = (long)Math.Min(underWay, MostUnderWay) + SocketBuffer + SendQueue;
        _chunk = (int)Math.Clamp(network.BytesPerSecond * Turn / 20 / 1e9, 16 << 10, 1 << 20);
        _connect = free.HasFlag(Causes.Latency) ? 0 : (long)(costs.ConnectTrips * Nanoseconds(network.Rtt));
        _threads = new ThreadState[program.Threads.Length];
        _sessions = [.. Enumerable.Range(0, program.Sessions).Select(_ => new SessionState(program.Streams, program.Events))];
        _anchorTimes = new long[program.Anchors.Length];
        _anchorTimes.AsSpan().Fill(-1);
        for (int index = 0; index < program.Anchors.Length; index++)
        {
            Anchor anchor = program.Anchors[index];
            if (!_anchorsAt.TryGetValue((anchor.Thread, anchor.Call), out List<int>? list))
            {
                _anchorsAt.Add((anchor.Thread, anchor.Call), list = []);
            }

            list.Add(index);
        }

        _inCalls = new long[functions];
        _waits = new long[functions];
    }

    /// <param name="program">What to run.</param>
    /// <param name="functions">How many functions its steps name.</param>
    /// <param name="costs">Beside the network's.</param>
    /// <param name="network">What to run it over.</param>
    /// <param name="free">What is to cost nothing.</param>
    public static ReplayResult Run(ProgramSteps program, int functions, ModelCosts costs, NetworkConditions network, Causes free = Causes.None) =>
        new Replay(program, functions, costs, network, free).Run();

    private static LinkDirection Direction(NetworkConditions network, Causes free, Causes bytes, int seed)
    {
        bool near = free.HasFlag(Causes.Latency);
        return new LinkDirection(
            free.HasFlag(bytes) ? 0 : 1e9 / network.BytesPerSecond, near ? 0 : Nanoseconds(network.Rtt) / 2, near ? 0 : Nanoseconds(network.Jitter), seed);
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    private ReplayResult Run()
    {
        for (int thread = 0; thread < _threads.Length; thread++)
        {
            Schedule(Happening.Of(thread), 0);
        }

        while (_queue.TryDequeue(out Happening happening, out (long Time, long Number) when))
        {
            _next = _queue.TryPeek(out _, out (long Time, long Number) next) ? next.Time : long.MaxValue;
            switch (happening.Kind)
            {
                case HappeningKind.Thread:
                    Advance(happening.Index, when.Time);
                    break;
                case HappeningKind.Pump:
                    Flush(happening.Index, when.Time);
                    break;
                case HappeningKind.Write:
                    Land(happening.Index, when.Time, happening.Bytes);
                    break;
            }
        }

        return new ReplayResult(_end, _inCalls, _waits);
    }

    private void Schedule(Happening happening, long at)
    {
        _queue.Enqueue(happening, (at, _number++));
        _next = Math.Min(_next, at);
    }

    // As far as nothing else comes before.
    private void Advance(int thread, long now)
    {
        ref ThreadState state = ref _threads[thread];
        Step[] steps = _program.Threads[thread];
        state.Time = Math.Max(state.Time, now);
        for (bool isFirst = true; state.Step < steps.Length; isFirst = false)
        {
            // What happens at the same time takes turns.
            if (!isFirst && _next <= state.Time)
            {
                Schedule(Happening.Of(thread), state.Time);
                return;
            }

            ref Step step = ref steps[state.Step];
            switch (state.Phase)
            {
                case ThreadPhase.Think:
                    state.IsParked = step.Anchors > 0 && !HasAnchors(ref state, step);
                    if (state.IsParked)
                    {
                        return;
                    }

                    state.Time += _free.HasFlag(Causes.Program) ? 0 : step.Think;
                    state.Phase = ThreadPhase.Call;
                    break;
                case ThreadPhase.Call:
                    Call(thread, ref state, ref step);
                    break;
                case ThreadPhase.Send:
                    Send(thread, ref state, ref step);
                    break;
                case ThreadPhase.Receive:
                    Receive(thread, ref state, ref step);
                    break;
            }
        }
    }

    // Where one is missing, the thread is woken by the last of them.
    private bool HasAnchors(ref ThreadState state, in Step step)
    {
        foreach (long time in _anchorTimes.AsSpan(step.FirstAnchor, step.Anchors))
        {
            if (time < 0)
            {
                return false;
            }

            state.Time = Math.Max(state.Time, time);
        }

        return true;
    }

    private void Reach(int thread, int step, long time, bool isBegin)
    {
        foreach (int index in _anchorsAt[(thread, step)])
        {
            if (_program.Anchors[index].AtBegin == isBegin)
            {
                _anchorTimes[index] = time;
            }
        }

        for (int other = 0; other < _threads.Length; other++)
        {
            ref ThreadState state = ref _threads[other];
            if (state.IsParked && HasAnchors(ref state, _program.Threads[other][state.Step]))
            {
                state.IsParked = false;
                Schedule(Happening.Of(other), state.Time);
            }
        }
    }

    private void Begin(int thread, ref ThreadState state, in Step step)
    {
        state.Begun = state.Time;
        state.Trips = step.RoundTrips;
        state.Time += step.Connects ? _connect : 0;
        if (step.IsAnchor)
        {
            Reach(thread, state.Step, state.Time, isBegin: true);
        }
    }

    private void Complete(int thread, ref ThreadState state, in Step step)
    {
        _inCalls[step.Function] += state.Time - state.Begun;
        _end = Math.Max(_end, state.Time);
        state.Phase = ThreadPhase.Think;
        state.Step++;
        if (step.IsAnchor)
        {
            Reach(thread, state.Step - 1, state.Time, isBegin: false);
        }
    }
}
