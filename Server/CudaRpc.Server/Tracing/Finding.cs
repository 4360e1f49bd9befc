namespace CudaRpc.Server.Tracing;

/// <summary>Round trips of a run that have one cause and could be avoided.</summary>
/// <param name="Name">One word for the cause; <c>docs/trace-report.md</c> tells of each.</param>
/// <param name="Why">What happened, with the functions it happened with.</param>
/// <param name="Count">How many calls.</param>
/// <param name="RoundTrips">Replies they waited for.</param>
/// <param name="Time">How long their threads were in them but for the device's work, nanoseconds: the most that can be won.</param>
/// <param name="Advice">What to do about it.</param>
internal sealed record Finding(string Name, string Why, long Count, long RoundTrips, long Time, string Advice);
