using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Simulator;
using CudaRpc.Simulator.Timing;
using CudaRpc.Tracing;
using CudaRpc.Transport;

namespace CudaRpc;

/// <summary>Turns a URL into a driver.</summary>
internal static class DriverFactory
{
    // One for the process, the number of devices and their times: its sessions share the simulated devices, as programs share real ones.
    private static readonly ConcurrentDictionary<(int Devices, string? Time), Lazy<SimulatedGpu>> s_simulatedGpus = new();

    /// <summary>Opens the driver that <paramref name="url"/> names. The caller disposes it, if it is <see cref="IDisposable"/>.</summary>
    /// <exception cref="FormatException">The text is not a URL of ours.</exception>
    /// <exception cref="IOException">There is no such server, or it does not answer in time; or the trace that is asked for cannot be written.</exception>
    /// <exception cref="ProtocolException">Something else than a server answers, one of another protocol, or one that refuses.</exception>
    /// <exception cref="DllNotFoundException">This machine has no driver, for <c>native:</c>.</exception>
    internal static CudaDriver Open(string url, SessionOptions options)
    {
        ServerUrl address = ServerUrl.Parse(url);
        TraceRecorder? recorder = (options.TraceFile ?? ClientConfiguration.TraceFile) is { } file
            ? TraceRecorder.For(file, options.TraceDeviceTimes || ClientConfiguration.TraceDeviceTimes)
            : null;
        CudaDriver driver = address.Scheme switch
        {
            "sim" => new SimulatedDriver(GpuWith(address.Devices, address.DeviceTime), line => SessionLog.SimulatedDevice(options.Logger, line)),
            "native" => new NativeDriver(address.Path.Length > 0 ? address.Path : "libcuda.so.1"),
            _ => new RemoteDriver(Session.Connect(address, options, recorder)),
        };
        return recorder is null ? driver : new TracingDriver(driver, recorder, address.Scheme == "native" ? "native:" : address.ToString());
    }

    private static SimulatedGpu GpuWith(int devices, string? time) => s_simulatedGpus.GetOrAdd((devices, time), static key => new Lazy<SimulatedGpu>(
        () => new SimulatedGpu(new SimulatedGpuOptions
        {
            DeviceCount = key.Devices,
            DeviceTime = key.Time is null ? null : DeviceProfile.Find(key.Time),
        }))).Value;
}
