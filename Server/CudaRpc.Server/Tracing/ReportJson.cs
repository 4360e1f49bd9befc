using System.Text.Json;
using System.Text.Json.Serialization;

namespace CudaRpc.Server.Tracing;

/// <summary>Reports as JSON, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(TraceReport))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    public static void Write(TextWriter output, TraceReport report) =>
        output.WriteLine(JsonSerializer.Serialize(report, Default.TraceReport));
}
