using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator;

/// <summary>
/// The simulated hardware: one or more devices with memory, shared by every <see cref="SimulatedDriver"/> built on it, as the GPUs of a
/// machine are shared by its processes. Safe from any thread.
/// </summary>
public sealed class SimulatedGpu : IDisposable
{
    private const int MaxDevices = 16;

    // Handles of all drivers on this GPU come from one counter, so a handle of one driver never means anything to another.
    private long _lastHandle = 0x10000;
    private long _lastId;

    /// <summary>Builds the devices.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number of devices, the memory size or a device time is not possible.</exception>
    public SimulatedGpu(SimulatedGpuOptions? options = null)
    {
        Options = options ?? new SimulatedGpuOptions();
        ArgumentException.ThrowIfNullOrWhiteSpace(Options.Name);
        ArgumentOutOfRangeException.ThrowIfLessThan(Options.DeviceCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Options.DeviceCount, MaxDevices);
        if (Options.DeviceTime?.Fault() is { } fault)
        {
            throw new ArgumentOutOfRangeException(nameof(options), $"impossible device times: {fault}");
        }
        if (!Options.Executes && Options.DeviceTime is null)
        {
            throw new ArgumentException("a GPU that executes nothing needs device times", nameof(options));
        }
        SimulatedDevice[] devices = [.. Enumerable.Range(0, Options.DeviceCount).Select(ordinal => new SimulatedDevice(ordinal, Options))];
        Devices = devices;
        Physical = new PhysicalMemory();
        Virtual = new VirtualMemory(Physical);
        Spaces = [.. devices.Select(static device => device.Memory), Virtual];
    }

    /// <summary>What the GPU was built with.</summary>
    public SimulatedGpuOptions Options { get; }

    /// <summary>The devices by ordinal.</summary>
    public IReadOnlyList<SimulatedDevice> Devices { get; }

    /// <summary>Where device addresses may lie: the memory of each device, by ordinal, and what is reserved and mapped.</summary>
    internal AddressSpace[] Spaces { get; }

    /// <summary>Addresses that drivers reserve. One range for all of them: no two have the same.</summary>
    internal VirtualMemory Virtual { get; }

    /// <summary>What they map there.</summary>
    internal PhysicalMemory Physical { get; }

    /// <summary>Pools that have been exported, by their handles.</summary>
    internal ConcurrentDictionary<nint, MemoryPool> SharedPools { get; } = new();

    /// <summary>Half of what is exported's token: that of another process's GPU means nothing here.</summary>
    internal ulong ShareKey { get; } = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>Runs the kernels of all devices: they share this machine's cores anyway.</summary>
    internal KernelLauncher Launcher { get; } = new();

    /// <summary>Releases the memory of the devices. Dispose every driver on this GPU first.</summary>
    public void Dispose()
    {
        Launcher.Dispose();
        foreach (SimulatedDevice device in Devices)
        {
            device.Dispose();
        }
        Virtual.Dispose();
        Physical.Dispose();
    }

    /// <summary>The space that an address would be of, whether it is allocated or not; null for an address that no device has.</summary>
    internal AddressSpace? SpaceOf(ulong address)
    {
        if (address - VirtualMemory.FirstAddress < VirtualMemory.AddressCount)
        {
            return Virtual;
        }
        ulong index = (address - DeviceMemory.DefaultFirstAddress) / DeviceMemory.AddressSpan;
        return index < (ulong)Devices.Count ? Spaces[index] : null;
    }

    /// <summary>The live allocation that contains the address, on any device and of any driver.</summary>
    internal bool TryFind(ulong address, [NotNullWhen(true)] out Allocation? allocation)
    {
        allocation = null;
        return SpaceOf(address) is { } space && space.TryFind(address, out allocation);
    }

    /// <summary>A handle that no driver on this GPU had before: a multiple of 16 as a pointer is, and none of the special values.</summary>
    internal nint NextHandle() => (nint)Interlocked.Add(ref _lastHandle, 16);

    /// <summary>A number for contexts, streams and allocations that is never used twice.</summary>
    internal ulong NextId() => (ulong)Interlocked.Increment(ref _lastId);
}
