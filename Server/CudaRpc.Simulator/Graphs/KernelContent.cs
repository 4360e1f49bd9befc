using System.Runtime.InteropServices;
using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Graphs;

/// <summary>Launches a kernel.</summary>
/// <param name="work">The launch; it may run any number of times.</param>
/// <param name="handle">The function as the program named it: a CUfunction or a CUkernel.</param>
internal sealed unsafe class KernelContent(KernelWork work, nint handle) : NodeContent
{
    private void** _pointers;
    private byte* _values;

    ~KernelContent()
    {
        NativeMemory.Free(_pointers);
        NativeMemory.Free(_values);
    }

    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_KERNEL;

    public override DriverContext Context => Function.Context;

    public override KernelWork Work => work;

    public DriverFunction Function => work.Function;

    public nint Handle => handle;

    /// <summary>Launch attributes that change nothing here, as they were set.</summary>
    public IReadOnlyDictionary<CUlaunchAttributeID, CUlaunchAttributeValue> Attributes { get; init; } =
        new Dictionary<CUlaunchAttributeID, CUlaunchAttributeValue>();

    public override void Run(GraphLaunch launch, DriverContext context) => work.Run(Function.Context);

    public override CUgraphExecUpdateResult Accepts(NodeContent replacement) => replacement switch
    {
        KernelContent kernel when kernel.Function.Context != Function.Context =>
            CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_ERROR_UNSUPPORTED_FUNCTION_CHANGE,
        KernelContent kernel when kernel.Work.Shape.Cooperative != Work.Shape.Cooperative =>
            CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_ERROR_ATTRIBUTES_CHANGED,
        _ => base.Accepts(replacement),
    };

    public override void Describe(ref CUgraphNodeParams parameters)
    {
        KeepParameters();
        parameters.kernel = new CUDA_KERNEL_NODE_PARAMS_v3
        {
            func = new CUfunction(handle),
            gridDimX = work.Shape.GridX,
            gridDimY = work.Shape.GridY,
            gridDimZ = work.Shape.GridZ,
            blockDimX = work.Shape.BlockX,
            blockDimY = work.Shape.BlockY,
            blockDimZ = work.Shape.BlockZ,
            sharedMemBytes = work.Shape.DynamicSharedBytes,
            kernelParams = _pointers,
            ctx = new CUcontext(Function.Context.Handle),
        };
    }

    // The program gets pointers to the values, which live with the content.
    private void KeepParameters()
    {
        lock (work)
        {
            if (_pointers != null)
            {
                return;
            }
            IReadOnlyList<PtxParameter> layout = Function.Kernel.Parameters;
            _values = (byte*)NativeMemory.Alloc((nuint)Math.Max(work.Parameters.Length, 1));
            _pointers = (void**)NativeMemory.Alloc((nuint)Math.Max(layout.Count, 1), (nuint)sizeof(void*));
            // SAFETY: both blocks are as long as what is written: the packed values, and a pointer for each parameter.
            work.Parameters.CopyTo(new Span<byte>(_values, work.Parameters.Length));
            for (int i = 0; i < layout.Count; i++)
            {
                _pointers[i] = _values + layout[i].Offset;
            }
        }
    }
}
