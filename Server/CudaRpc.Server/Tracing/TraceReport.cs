using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Where the time of a traced run went. Times are nanoseconds.</summary>
/// <param name="Header">The run.</param>
/// <param name="Run">The run as a whole.</param>
/// <param name="Functions">By function and class; what took longest first.</param>
/// <param name="Classes">By class; only those that occur.</param>
/// <param name="Threads">By thread, in the trace's order; only those that made calls.</param>
/// <param name="Findings">Round trips that could be avoided; what took longest first.</param>
/// <param name="Stalls">The calls that kept their thread longest; the longest first.</param>
/// <param name="Problems">What the trace lacks.</param>
internal sealed record TraceReport(
    TraceHeader Header,
    RunFigures Run,
    IReadOnlyList<FunctionFigures> Functions,
    IReadOnlyList<ClassFigures> Classes,
    IReadOnlyList<ThreadFigures> Threads,
    IReadOnlyList<Finding> Findings,
    IReadOnlyList<Stall> Stalls,
    IReadOnlyList<string> Problems);
