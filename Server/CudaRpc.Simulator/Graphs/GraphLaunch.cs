using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>One launch of an instantiated graph, as it was when it was launched. Its nodes run one after the other.</summary>
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
        Initial = new Dictionary<ulong, uint?>(instance.Conditions);
    }

    /// <summary>Recordings of the events that the launch records.</summary>
    public Dictionary<DriverEvent, EventRecording> Recordings { get; } = [];

    private Dictionary<ulong, uint?> Initial { get; }

    /// <summary>All contents that may run.</summary>
    public IEnumerable<NodeContent> Contents => All(_steps);

    public override void Run(DriverContext context)
    {
        foreach ((ulong handle, uint? value) in Initial)
        {
            if (value is uint initial)
            {
                _conditions.Set(handle, initial);
            }
        }
        Run(_steps, context);
    }

    public override void Release() => _done();

    private void Run(Step[] steps, DriverContext context)
    {
        foreach (Step step in steps)
        {
            if (!context.MayRun(this))
            {
                return;
            }
            switch (step.Content)
            {
                case ChildContent:
                    Run(step.Inner[0], context);
                    break;
                case ConditionalContent conditional:
                    RunConditional(conditional, step.Inner, context);
                    break;
                default:
                    step.Content.Run(this, step.Content.Context ?? context);
                    break;
            }
        }
    }

    private void RunConditional(ConditionalContent conditional, Step[][] bodies, DriverContext context)
    {
        uint value = _conditions.Get(conditional.Handle);
        switch (conditional.Kind)
        {
            case CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_IF:
                if (value != 0 || bodies.Length > 1)
                {
                    Run(bodies[value != 0 ? 0 : 1], context);
                }
                break;
            case CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_WHILE:
                while (_conditions.Get(conditional.Handle) != 0 && context.MayRun(this))
                {
                    Run(bodies[0], context);
                }
                break;
            case CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_SWITCH when value < (uint)bodies.Length:
                Run(bodies[value], context);
                break;
        }
    }

    private static Step[] Take(InstanceNode[] nodes) =>
        [.. nodes.Where(static node => node.IsEnabled).Select(static node => new Step(node.Content, [.. node.Inner.Select(Take)]))];

    private static IEnumerable<NodeContent> All(Step[] steps) =>
        steps.SelectMany(static step => step.Inner.SelectMany(All).Prepend(step.Content));

    private readonly record struct Step(NodeContent Content, Step[][] Inner);
}
