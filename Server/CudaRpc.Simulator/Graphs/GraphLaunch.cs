using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Graphs;

/// <summary>
/// One launch of an instantiated graph, as it was when it was launched. Its nodes run one after the other; in the timing model those that do
/// not depend on each other overlap.
/// </summary>
internal sealed class GraphLaunch : StreamWork
{
    private readonly Step[] _steps;
    private readonly ConditionValues _conditions;
    private readonly Action _done;

    /// <param name="instance">What to launch; under its lock.</param>
    /// <param name="conditions">The driver's values of conditional handles.</param>
    /// <param name="done">Called when the launch has run or has been skipped.</param>
    public GraphLaunch(GraphInstance instance, ConditionValues conditions, Action done)
    {
        _steps = Take(instance.Order);
        _conditions = conditions;
        _done = done;
        ActsOnHost = Contents.Any(static content => content is HostContent or BatchContent);
        Initial = new Dictionary<ulong, uint?>(instance.Conditions);
    }

    /// <summary>Recordings of the events that the launch records.</summary>
    public Dictionary<DriverEvent, EventRecording> Recordings { get; } = [];

    private Dictionary<ulong, uint?> Initial { get; }

    /// <summary>All contents that may run.</summary>
    public IEnumerable<NodeContent> Contents => All(_steps);

    public override bool ActsOnHost { get; }

    public override void Run(DriverContext context)
    {
        Begin();
        Run(_steps, context, timing: null, default);
    }

    public override long RunTimed(DriverContext context, DeviceTiming timing, WorkStart start)
    {
        Begin();
        return Run(_steps, context, timing, start);
    }

    public override void Release() => _done();

    private void Begin()
    {
        foreach ((ulong handle, uint? value) in Initial)
        {
            if (value is uint initial)
            {
                _conditions.Set(handle, initial);
            }
        }
    }

    /// <summary>Returns when the last of them ends; without a timing model nothing sensible.</summary>
    private long Run(Step[] steps, DriverContext context, DeviceTiming? timing, WorkStart start)
    {
        long[] ends = timing is null ? [] : new long[steps.Length];
        long end = start.Ready;
        for (int i = 0; i < steps.Length && context.MayRun(this); i++)
        {
            long ready = start.Ready;
            if (timing is not null)
            {
                foreach (int dependency in steps[i].Dependencies)
                {
                    ready = Math.Max(ready, ends[dependency]);
                }
                ends[i] = ready;
            }
            if (!steps[i].IsEnabled)
            {
                continue;
            }
            long done = Run(steps[i], context, timing, start with { Ready = ready });
            end = Math.Max(end, done);
            if (timing is not null)
            {
                ends[i] = done;
            }
        }
        return end;
    }

    private long Run(Step step, DriverContext context, DeviceTiming? timing, WorkStart start)
    {
        switch (step.Content)
        {
            case ChildContent:
                return Run(step.Inner[0], context, timing, start);
            case ConditionalContent conditional:
                return RunConditional(conditional, step.Inner, context, timing, start);
            case { } content when timing is not null:
                return content.RunTimed(this, content.Context ?? context, timing, start);
            default:
                step.Content.Run(this, step.Content.Context ?? context);
                return 0;
        }
    }

    private long RunConditional(ConditionalContent conditional, Step[][] bodies, DriverContext context, DeviceTiming? timing, WorkStart start)
    {
        uint value = _conditions.Get(conditional.Handle);
        switch (conditional.Kind)
        {
            case CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_IF when value != 0 || bodies.Length > 1:
                return Run(bodies[value != 0 ? 0 : 1], context, timing, start);
            case CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_WHILE:
                while (_conditions.Get(conditional.Handle) != 0 && context.MayRun(this))
                {
                    start = start with { Ready = Run(bodies[0], context, timing, start) };
                }
                return start.Ready;
            case CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_SWITCH when value < (uint)bodies.Length:
                return Run(bodies[value], context, timing, start);
            default:
                return start.Ready;
        }
    }

    private static Step[] Take(InstanceNode[] nodes) =>
        [.. nodes.Select(static node => new Step(node.Content, node.IsEnabled, node.Dependencies, [.. node.Inner.Select(Take)]))];

    private static IEnumerable<NodeContent> All(Step[] steps) =>
        steps.Where(static step => step.IsEnabled).SelectMany(static step => step.Inner.SelectMany(All).Prepend(step.Content));

    private readonly record struct Step(NodeContent Content, bool IsEnabled, int[] Dependencies, Step[][] Inner);
}
