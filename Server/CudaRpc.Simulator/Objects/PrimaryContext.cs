namespace CudaRpc.Simulator.Objects;

/// <summary>
/// The primary context of a device in one driver: a handle that never changes, and behind it a context from a retain on,
/// until the last release or a reset.
/// Guarded by the driver's lock.
/// </summary>
internal sealed class PrimaryContext(SimulatedDevice device)
{
    public SimulatedDevice Device { get; } = device;

    public nint Handle { get; set; }

    public uint Flags { get; set; }

    public int Retains { get; set; }

    /// <summary>How many of those retains are green contexts', which end with the context.</summary>
    public int Greens { get; set; }

    /// <summary>The context, or null while there is none. Read without the lock by every call that uses the handle.</summary>
    public volatile DriverContext? Active;
}
