namespace CudaRpc.Tracing;

/// <summary>What is known of a function's calls before they are made.</summary>
/// <param name="Name">The function.</param>
/// <param name="Class">How <c>headers/cuda.rules</c> has it travel: what a call would be if it were remoted, where it is not.</param>
/// <param name="Marks">Poll, or Minted where the rules have it so.</param>
/// <param name="Bytes">About what its frame takes, without bulk.</param>
internal readonly record struct TracedFunction(string Name, TraceClass Class, TraceMarks Marks, int Bytes);
