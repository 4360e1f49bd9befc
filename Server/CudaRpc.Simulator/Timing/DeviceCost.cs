namespace CudaRpc.Simulator.Timing;

/// <summary>What a piece of work costs the device.</summary>
/// <param name="Engine">What it needs for itself meanwhile.</param>
/// <param name="Nanoseconds">How long.</param>
/// <param name="Share">Of <see cref="Engine.Multiprocessors"/>, how many.</param>
internal readonly record struct DeviceCost(Engine Engine, long Nanoseconds, int Share = 1);
