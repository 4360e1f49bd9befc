namespace CudaRpc.Simulator.Timing;

/// <summary>When a piece of work may begin, on the device's clock, and whose it is.</summary>
/// <param name="Submitted">When the program gave it.</param>
/// <param name="Ready">When that has happened and what it comes after is done.</param>
/// <param name="Owner">Whose end it does not outlive.</param>
internal readonly record struct WorkStart(long Submitted, long Ready, object Owner);
