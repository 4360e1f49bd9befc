using System.Text.Json;
using System.Text.Json.Serialization;

namespace CudaRpc.Server.Commands.Bench;

/// <summary>What <c>cudarpc bench</c> measured; its properties are the JSON's. Times in nanoseconds, sizes in bytes.</summary>
/// <param name="Date">When, in UTC.</param>
/// <param name="Cores">Processors of this machine.</param>
/// <param name="Client"><c>.NET</c>, or the shim that was measured.</param>
/// <param name="Servers">One entry for each URL.</param>
/// <param name="Network">Through emulated networks, where that was asked for.</param>
internal sealed record BenchReport(string Date, int Cores, string Client, IReadOnlyList<ServerFigures> Servers, NetworkFigures? Network)
{
    /// <summary>One JSON object.</summary>
    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(this, BenchJson.Default.BenchReport));
}

/// <summary>Figures of one server.</summary>
internal sealed record ServerFigures(
    string Url, string Device, SynchronousFigures Synchronous, PostedFigures Posted, IReadOnlyList<ThreadFigures> Threads,
    IReadOnlyList<SessionFigures> Sessions, IReadOnlyList<CopyFigures> Copies);

/// <summary>A call that waits for its reply, beside a round trip of the same bytes; ratios are medians over the rounds.</summary>
/// <param name="BytesSent">Of one call, frame header included.</param>
/// <param name="BytesReceived">Of its reply.</param>
/// <param name="Call">What the program waits.</param>
/// <param name="Raw">The baseline; null where there is none.</param>
/// <param name="MedianRatio">Median of the call by that of the baseline.</param>
/// <param name="P99Ratio">The same of the 99th percentiles.</param>
internal sealed record SynchronousFigures(long BytesSent, long BytesReceived, Timing Call, Timing? Raw, double? MedianRatio, double? P99Ratio);

/// <summary>A launch with four parameters.</summary>
/// <param name="ClientNanoseconds">What it costs the thread that makes it; median of batches.</param>
/// <param name="PerSecond">How many reach the driver, one thread, end to end.</param>
/// <param name="BytesSent">Of one call.</param>
/// <param name="AllocatedBytes">Managed memory that one call allocates in the client; null where the client is the shim.</param>
internal sealed record PostedFigures(double ClientNanoseconds, double PerSecond, double BytesSent, double? AllocatedBytes);

/// <summary>Launches from several threads of one session at once, of all together; by those of one thread, the median over the rounds.</summary>
internal sealed record ThreadFigures(int Threads, double PerSecond, double ByOne);

/// <summary>Launches from several sessions at once, one thread each; of all together. None where the client is the shim, which has one.</summary>
internal sealed record SessionFigures(int Sessions, double PerSecond);

/// <summary>Copies of one size between pageable memory and the device; ratios are medians over the rounds, bandwidths bytes per second.</summary>
internal sealed record CopyFigures(long Size, double ToDevice, double ToHost, double? RawToDevice, double? RawToHost, double? ToDeviceRatio, double? ToHostRatio);

/// <summary>Steps of programs through emulated networks, and how exact those are.</summary>
/// <param name="Launches">Launches in a step of the launch-heavy program.</param>
/// <param name="Copies">Copies to the device in a step of the copy-heavy program.</param>
/// <param name="CopyBytes">Bytes of each.</param>
/// <param name="RoundTrips">At infinite bandwidth.</param>
/// <param name="Bandwidths">At no delay.</param>
internal sealed record NetworkFigures(
    int Launches, int Copies, int CopyBytes, IReadOnlyList<RoundTripFigures> RoundTrips, IReadOnlyList<BandwidthFigures> Bandwidths);

/// <summary>At one round trip; all in microseconds.</summary>
/// <param name="Rtt">As asked for.</param>
/// <param name="Call">A call that waits, median.</param>
/// <param name="Added">What of it the network adds: less the same call without one, made as long after the one before.</param>
/// <param name="LaunchStep">A step of the launch-heavy program.</param>
/// <param name="CopyStep">A step of the copy-heavy program.</param>
internal sealed record RoundTripFigures(double Rtt, double Call, double Added, double LaunchStep, double CopyStep);

/// <summary>At one bandwidth; both in gigabits per second.</summary>
/// <param name="Asked">As asked for.</param>
/// <param name="Copied">Of copies of 16 MiB to the device.</param>
internal sealed record BandwidthFigures(double Asked, double Copied);

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(Timing))]
internal sealed partial class BenchJson : JsonSerializerContext;
