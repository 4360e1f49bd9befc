using CudaRpc.Workloads.Models;

namespace CudaRpc.Workloads;

/// <summary>All workloads by their names.</summary>
public static class WorkloadCatalog
{
    /// <summary>Those that the performance model is validated with: of their runs of some ten milliseconds waking threads is a small part.</summary>
    public static IReadOnlyList<Workload> Long => BasicWorkloads.Long;

    /// <summary>The names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. BasicWorkloads.All.Select(static workload => workload.Name), .. ModelLoops.All.SelectMany(static name => (string[])[$"{name}-inference", $"{name}-training"])];

    /// <summary>Whether the workload of that name is a model's, which there are options for.</summary>
    public static bool IsModel(string name) => ModelLoops.All.Any(model => name.StartsWith(model + "-", StringComparison.Ordinal));

    /// <summary>The workload of that name; null if there is none.</summary>
    public static Workload? Find(string name, WorkloadOptions? options = null)
    {
        if (BasicWorkloads.All.FirstOrDefault(workload => workload.Name == name) is { } basic)
        {
            return basic;
        }

        return ModelLoops.All.FirstOrDefault(model => name.StartsWith(model + "-", StringComparison.Ordinal)) is not { } known
            ? null
            : name[(known.Length + 1)..] switch
            {
                "inference" => ModelLoops.Inference(known, options ?? new WorkloadOptions()),
                "training" => ModelLoops.Training(known, options ?? new WorkloadOptions()),
                _ => null,
            };
    }
}
