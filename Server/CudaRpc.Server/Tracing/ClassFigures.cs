using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>The calls that were answered in one way.</summary>
internal sealed record ClassFigures(TraceClass Class, Durations Times, TimeSplit Split, long RoundTrips, long BytesOut, long BytesIn);
