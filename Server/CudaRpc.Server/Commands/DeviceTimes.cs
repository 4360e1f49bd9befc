using System.Text.Json;
using System.Text.Json.Serialization;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Server.Commands;

/// <summary>Reads <c>--device-time</c>: the name of a profile, or a JSON file with one.</summary>
internal static class DeviceTimes
{
    /// <summary>The profile.</summary>
    /// <exception cref="FormatException">There is none of that name, or the file holds none; the message says why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DeviceProfile Read(string text)
    {
        if (DeviceProfile.Find(text) is { } named)
        {
            return named;
        }

        if (!text.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException(
                $"no device profile is called {text}: there are {string.Join(", ", DeviceProfile.Named.Select(static profile => profile.Name))}, "
                + "and files that end in .json");
        }

        if (Directory.Exists(text))
        {
            throw new FormatException($"{text} is a folder, and no device profile");
        }

        try
        {
            DeviceProfile profile = Merge(JsonSerializer.Deserialize(File.ReadAllText(text), DeviceTimesJson.Default.ProfileFile)
                ?? throw new FormatException($"{text} holds no device profile"));
            return profile.Fault() is { } fault ? throw new FormatException($"{text}: {fault}") : profile;
        }
        catch (JsonException wrong)
        {
            throw new FormatException($"{text} is no device profile: {wrong.Message}", wrong);
        }
    }

    private static DeviceProfile Merge(ProfileFile file)
    {
        string name = file.Base ?? "A100";
        DeviceProfile basis = DeviceProfile.Find(name) ?? throw new FormatException($"no device profile is called {name}");
        return basis with
        {
            Name = file.Name ?? $"{basis.Name}, changed",
            Multiprocessors = file.Multiprocessors ?? basis.Multiprocessors,
            GigaInstructions = file.GigaInstructions ?? basis.GigaInstructions,
            MemoryGigabytes = file.MemoryGigabytes ?? basis.MemoryGigabytes,
            ToDeviceGigabytes = file.ToDeviceGigabytes ?? basis.ToDeviceGigabytes,
            ToHostGigabytes = file.ToHostGigabytes ?? basis.ToHostGigabytes,
            LaunchLatency = file.LaunchLatency ?? basis.LaunchLatency,
            ShortestKernel = file.ShortestKernel ?? basis.ShortestKernel,
            CopyLatency = file.CopyLatency ?? basis.CopyLatency,
            Kernels = [.. file.Kernels ?? [], .. basis.Kernels],
        };
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip)]
[JsonSerializable(typeof(ProfileFile))]
internal sealed partial class DeviceTimesJson : JsonSerializerContext;
