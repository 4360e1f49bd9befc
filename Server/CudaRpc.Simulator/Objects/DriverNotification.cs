namespace CudaRpc.Simulator.Objects;

/// <summary>A function that was to be told of what happens on a device.</summary>
internal sealed record DriverNotification(SimulatedDevice Device);
