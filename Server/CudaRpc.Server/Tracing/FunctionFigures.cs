using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>The calls of one function that were answered in one way.</summary>
internal sealed record FunctionFigures(
    string Function, TraceClass Class, Durations Times, TimeSplit Split, long RoundTrips, long BytesOut, long BytesIn, long Failed);
