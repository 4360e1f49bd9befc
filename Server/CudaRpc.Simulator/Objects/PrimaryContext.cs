namespace CudaRpc.Simulator.Objects;

/// <summary>
/// The primary context of a device in one driver: a handle that never changes, and behind it a context while the count of retains is not 0.
/// Guarded by the driver's lock.
/// </summary>
internal sealed class PrimaryContext(SimulatedDevice device)
{
    public SimulatedDevice Device { get; } = device;

    public nint Handle { get; set; }

    public uint Flags { get; set; }

    public int Retains { get; set; }

    /// <summary>The context, or null while nobody retains it. Read without the lock by every call that uses the handle.</summary>
    public volatile DriverContext? Active;
}
