namespace CudaRpc.Server.Tracing;

/// <summary>A call that kept its thread. Times are nanoseconds.</summary>
/// <param name="Function">What was called.</param>
/// <param name="Thread">By which thread, for people.</param>
/// <param name="Begin">When.</param>
/// <param name="Time">For how long.</param>
/// <param name="WaitedFor">What took most of it.</param>
/// <param name="Split">What all of it was spent on.</param>
internal sealed record Stall(string Function, string Thread, long Begin, long Time, string WaitedFor, TimeSplit Split);
