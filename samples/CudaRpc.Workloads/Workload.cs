namespace CudaRpc.Workloads;

/// <summary>A program by its driver calls: what each thread does in a step, again and again. The rest, such as allocations, follows from it.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Description">What it is like, in a line.</param>
/// <param name="Step">What a thread does in a step.</param>
public sealed record Workload(string Name, string Description, IReadOnlyList<Op> Step)
{
    /// <summary>Threads that do so.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>What <see cref="OpKind.LaunchGraph"/> launches: kernels, copies and fills, one after the other.</summary>
    public IReadOnlyList<Op> Graph { get; init; } = [];

    /// <summary>Bytes of the module that holds the kernels, at least.</summary>
    public int ModuleBytes { get; init; }

    /// <summary>Steps that are worth measuring.</summary>
    public int Steps { get; init; } = 50;

    /// <summary>Nanoseconds of kernels in a step of one thread, a graph's included.</summary>
    public long KernelTime => Expanded.Where(static op => op.Kind is OpKind.Launch).Sum(static op => op.Nanoseconds);

    /// <summary>Driver calls of a thread in a step; polling counts as one.</summary>
    public int Calls => Step.Sum(static op => op.Kind switch
    {
        OpKind.Think => 0,
        OpKind.CreateEvent or OpKind.CreateStream or OpKind.Allocate => 2,
        _ => 1,
    });

    /// <summary>Bytes that a thread copies to the device in a step.</summary>
    public long BytesIn => Expanded.Where(static op => op.Kind is OpKind.CopyIn).Sum(static op => op.Bytes);

    /// <summary>Bytes that a thread copies to the host in a step.</summary>
    public long BytesOut => Expanded.Where(static op => op.Kind is OpKind.CopyOut).Sum(static op => op.Bytes);

    /// <summary>All that is done or captured.</summary>
    internal IEnumerable<Op> Everything => Step.Concat(Graph);

    private IEnumerable<Op> Expanded => Step.SelectMany(op => op.Kind is OpKind.LaunchGraph ? Graph : [op]);
}
