using System.Diagnostics;
using System.Runtime.InteropServices;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>Runs one of its bodies, or its body again and again, as the value of a conditional handle says.</summary>
internal sealed unsafe class ConditionalContent(ulong handle, CUgraphConditionalNodeType kind, DriverGraph[] bodies, DriverContext context) : NodeContent
{
    private CUgraph* _handles;

    ~ConditionalContent() => NativeMemory.Free(_handles);

    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_CONDITIONAL;

    public override DriverContext Context => context;

    public ulong Handle => handle;

    public CUgraphConditionalNodeType Kind => kind;

    public DriverGraph[] Bodies => bodies;

    /// <summary>Handles of the bodies, in memory that the content owns.</summary>
    public CUgraph* Handles
    {
        get
        {
            if (_handles == null)
            {
                _handles = (CUgraph*)NativeMemory.Alloc((nuint)bodies.Length, (nuint)sizeof(CUgraph));
                for (int i = 0; i < bodies.Length; i++)
                {
                    _handles[i] = new CUgraph(bodies[i].Handle);
                }
            }
            return _handles;
        }
    }

    public override void Run(GraphLaunch launch, DriverContext running) => throw new UnreachableException("bodies run as part of their launch");

    public override void Describe(ref CUgraphNodeParams parameters)
    {
        parameters.conditional.handle = handle;
        parameters.conditional.type = kind;
        parameters.conditional.size = (uint)bodies.Length;
        parameters.conditional.phGraph_out = Handles;
        parameters.conditional.ctx = new CUcontext(context.Handle);
    }

    public override NodeContent Clone(GraphCopy copy) => new ConditionalContent(handle, kind, [.. bodies.Select(copy.Clone)], context);
}
