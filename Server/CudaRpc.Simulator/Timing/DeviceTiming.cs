namespace CudaRpc.Simulator.Timing;

/// <summary>
/// When a device does what it is given: the clock, and how its engines are taken. One per device, for all its drivers. Safe from any thread.
/// </summary>
/// <param name="profile">The device.</param>
/// <param name="clock">The time.</param>
/// <param name="executes">Whether work is done at all; if not, it only takes its time.</param>
internal sealed class DeviceTiming(DeviceProfile profile, DeviceClock clock, bool executes)
{
    /// <summary>Nanoseconds that a kernel may be said to take: an hour.</summary>
    public const long LongestKernel = 3_600_000_000_000;

    /// <summary>
    /// Nanoseconds before it is ready from which on work finds its time. What a stream has for longer than that is not in the way of others,
    /// and goes with its owner.
    /// </summary>
    public const long Horizon = 100_000_000;

    private readonly Lock _lock = new();
    private readonly Skyline _multiprocessors = new(profile.Multiprocessors);
    private readonly Skyline _toDevice = new(1);
    private readonly Skyline _toHost = new(1);

    public DeviceProfile Profile => profile;

    public DeviceClock Clock => clock;

    public bool Executes => executes;

    /// <summary>Whether work that is ready then may find its time now.</summary>
    public bool IsNear(long ready) => ready - clock.Now <= Horizon;

    /// <summary>Finds the work its time; returns when it ends.</summary>
    public long Take(in DeviceCost cost, in WorkStart start)
    {
        if (cost.Engine is Engine.None)
        {
            return start.Ready;
        }

        if (cost.Engine is Engine.Memory)
        {
            return start.Ready + cost.Nanoseconds;
        }

        lock (_lock)
        {
            long begin = cost.Engine switch
            {
                Engine.ToDevice => _toDevice.Take(start.Ready, cost.Nanoseconds, 1, clock.Now, start.Owner),
                Engine.ToHost => _toHost.Take(start.Ready, cost.Nanoseconds, 1, clock.Now, start.Owner),
                _ => _multiprocessors.Take(
                    Math.Max(start.Ready, start.Submitted + profile.LaunchLatency), cost.Nanoseconds, cost.Share, clock.Now, start.Owner),
            };
            return begin + cost.Nanoseconds;
        }
    }

    /// <summary>From now on the device does nothing more of what it was given by an owner that has ended. It may give no more work.</summary>
    public void GiveBack(object owner)
    {
        lock (_lock)
        {
            foreach (Skyline engine in (ReadOnlySpan<Skyline>)[_multiprocessors, _toDevice, _toHost])
            {
                engine.GiveBack(owner, clock.Now);
            }
        }
    }

    /// <summary>A kernel whose time is given.</summary>
    public DeviceCost Kernel(ulong blocks, long nanoseconds) =>
        new(Engine.Multiprocessors, Math.Clamp(nanoseconds, 0, LongestKernel), ShareOf(blocks));

    /// <summary>A kernel by its roofline: the longer of what its instructions and its bytes take.</summary>
    public DeviceCost Kernel(ulong blocks, ulong instructions, ulong bytes)
    {
        int share = ShareOf(blocks);
        double computing = instructions / (profile.GigaInstructions * share / profile.Multiprocessors);
        double moving = bytes / profile.MemoryGigabytes;
        return Kernel(blocks, Math.Max((long)Math.Ceiling(Math.Max(computing, moving)), profile.ShortestKernel));
    }

    /// <summary>A copy; bytes at GB/s are nanoseconds.</summary>
    public DeviceCost Copy(bool fromDevice, bool toDevice, ulong bytes) => (fromDevice, toDevice) switch
    {
        (true, true) => Moved(Engine.Memory, 2 * (double)bytes, profile.MemoryGigabytes),
        (_, true) => Moved(Engine.ToDevice, bytes, profile.ToDeviceGigabytes),
        _ => Moved(Engine.ToHost, bytes, profile.ToHostGigabytes),
    };

    /// <summary>A fill.</summary>
    public DeviceCost Fill(ulong bytes) => Moved(Engine.Memory, bytes, profile.MemoryGigabytes);

    private DeviceCost Moved(Engine engine, double bytes, double rate) =>
        new(engine, profile.CopyLatency + (long)Math.Ceiling(bytes / rate));

    // A block has a multiprocessor for itself as long as there are enough.
    private int ShareOf(ulong blocks) => (int)Math.Clamp(blocks, 1, (ulong)profile.Multiprocessors);
}
