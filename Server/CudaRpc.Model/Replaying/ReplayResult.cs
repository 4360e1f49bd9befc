namespace CudaRpc.Model;

/// <summary>What a replay came to.</summary>
/// <param name="Time">From the first call's beginning to the last one's end, nanoseconds.</param>
/// <param name="InCalls">For each function, what threads spent in its calls.</param>
/// <param name="Calls">For each function, how often it waited for a reply.</param>
internal sealed record ReplayResult(long Time, long[] InCalls, long[] Calls);
