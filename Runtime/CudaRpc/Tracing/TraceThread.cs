namespace CudaRpc.Tracing;

/// <summary>A thread of a traced program.</summary>
/// <param name="Process">The process's number in its system.</param>
/// <param name="Id">The thread's number in its system.</param>
/// <param name="Name">Its name; empty where none is known.</param>
public sealed record TraceThread(int Process, int Id, string Name);
