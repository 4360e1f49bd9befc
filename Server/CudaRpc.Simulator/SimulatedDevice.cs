using System.Security.Cryptography;
using System.Text;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator;

/// <summary>One device of a <see cref="SimulatedGpu"/>. Its attributes are those of <see cref="DeviceAttributes"/>.</summary>
public sealed class SimulatedDevice : IDisposable
{
    internal SimulatedDevice(int ordinal, SimulatedGpuOptions options)
    {
        Ordinal = ordinal;
        Name = options.Name;
        Memory = new DeviceMemory(options.MemoryBytes, DeviceMemory.DefaultFirstAddress + ((ulong)ordinal * DeviceMemory.AddressSpan));
        Timing = options.DeviceTime is { } profile ? new DeviceTiming(profile, options.Clock ?? new DeviceClock(), options.Executes) : null;
        // The same device keeps its UUID over restarts, and the simulated devices of two machines differ.
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.MachineName}/{options.Name}/{ordinal}"));
        Uuid = hash.AsMemory(0, 16);
    }

    /// <summary>Position in <see cref="SimulatedGpu.Devices"/>, and the <c>CUdevice</c> value.</summary>
    public int Ordinal { get; }

    /// <summary>The name programs see.</summary>
    public string Name { get; }

    /// <summary>Sixteen bytes that identify the device.</summary>
    public ReadOnlyMemory<byte> Uuid { get; }

    /// <summary>Bytes of device memory in use by all drivers together.</summary>
    public ulong UsedBytes => Memory.Used;

    /// <summary>Bytes of device memory.</summary>
    public ulong TotalBytes => Memory.Capacity;

    internal DeviceMemory Memory { get; }

    /// <summary>The timing model; null where it is off.</summary>
    internal DeviceTiming? Timing { get; }

    /// <summary>Domain, bus and device number in the form that <c>cuDeviceGetPCIBusId</c> writes.</summary>
    internal string PciBusId => $"0000:{DeviceAttributes.FirstPciBus + Ordinal:x2}:00.0";

    /// <summary>Releases the memory.</summary>
    public void Dispose() => Memory.Dispose();
}
