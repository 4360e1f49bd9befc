using System.Text.Json;
using System.Text.Json.Serialization;

namespace CudaRpc.Model;

/// <summary>
/// What calls cost beside the network, as <c>cudarpc model --calibrate</c> measures it; the initial values were measured over <c>unix://</c> on a
/// virtual machine with two processors, 2026-11-28. Times are nanoseconds.
/// </summary>
public sealed record ModelCosts
{
    /// <summary>A posted call, in the program's thread.</summary>
    public double Post { get; init; } = 150;

    /// <summary>What it takes more where the thread that sends has to be woken.</summary>
    public double PostWake { get; init; } = 8_000;

    /// <summary>A call that waits, from the program to the server's driver and back, where neither side has slept and there is no network.</summary>
    public double RoundTrip { get; init; } = 12_000;

    /// <summary>What it takes more where both sides have slept: waking the server's thread and then the program's.</summary>
    public double Wake { get; init; } = 25_000;

    /// <summary>Round trips that a thread's first call takes more: connecting, and the greeting.</summary>
    public double ConnectTrips { get; init; } = 2;

    /// <summary>How long a side waits before it sleeps.</summary>
    public double Spin { get; init; } = 20_000;

    /// <summary>A posted call, in the server's thread, the driver included.</summary>
    public double Serve { get; init; } = 250;

    /// <summary>Large copies to the device, bytes per second through client and server where the network takes no time.</summary>
    public double CopyOut { get; init; } = 3e9;

    /// <summary>Large copies to the host, likewise.</summary>
    public double CopyIn { get; init; } = 3e9;

    /// <summary>Copies between page-locked memory of the server and the device, bytes per second.</summary>
    public double DeviceCopy { get; init; } = 12e9;

    /// <summary>
    /// Figures whose repeats differed too much when they were measured, and by how much: 1.5 for 150 %. They may be far off; a machine that did other work
    /// is the usual cause.
    /// </summary>
    public IReadOnlyDictionary<string, double> Unsteady { get; init; } = new Dictionary<string, double>();

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    /// <exception cref="FormatException">It is something else; the message says so in one line.</exception>
    public static ModelCosts Read(string path)
    {
        ModelCosts? costs;
        try
        {
            costs = JsonSerializer.Deserialize(File.ReadAllText(path), ModelJson.Default.ModelCosts);
        }
        catch (JsonException)
        {
            costs = null;
        }

        // Files of builds that did not compare repeats say nothing of it.
        costs = costs is { Unsteady: null } ? costs with { Unsteady = new Dictionary<string, double>() } : costs;
        return costs is { IsSane: true } ? costs : throw new FormatException($"{path} does not hold the costs that cudarpc model --calibrate writes");
    }

    /// <summary>Writes them as JSON.</summary>
    public void Write(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(this, ModelJson.Default.ModelCosts));

    private bool IsSane =>
        Array.TrueForAll([Post, PostWake, RoundTrip, Wake, ConnectTrips, Spin, Serve], static time => time is >= 0 and < 1e10)
        && Array.TrueForAll([CopyOut, CopyIn, DeviceCopy], static rate => rate is >= 1e3 and < 1e15);
}

[JsonSerializable(typeof(ModelCosts))]
[JsonSourceGenerationOptions(WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
internal sealed partial class ModelJson : JsonSerializerContext;
