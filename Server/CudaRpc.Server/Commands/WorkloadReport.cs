using System.Globalization;
using CudaRpc.Workloads;

namespace CudaRpc.Server.Commands;

/// <summary>How long a workload's steps took; all times are nanoseconds, and what is of a step is of one thread.</summary>
/// <param name="Name">The workload.</param>
/// <param name="Threads">Its threads.</param>
/// <param name="Calls">Driver calls of a step.</param>
/// <param name="KernelTime">What its kernels take.</param>
/// <param name="BytesIn">Bytes to the device.</param>
/// <param name="BytesOut">Bytes to the host.</param>
/// <param name="Median">The median step.</param>
/// <param name="Times">Every step.</param>
internal sealed record WorkloadReport(
    string Name, int Threads, int Calls, long KernelTime, long BytesIn, long BytesOut, long Median, IReadOnlyList<long> Times)
{
    public static WorkloadReport Of(Workload workload, long[] times) => new(
        workload.Name, workload.Threads, workload.Calls, workload.KernelTime, workload.BytesIn, workload.BytesOut,
        times.Order().ElementAt(times.Length / 2), times);

    public string ToText() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}: {Median / 1e3:F0} us a step (median of {Times.Count}, {Times.Min() / 1e3:F0} to {Times.Max() / 1e3:F0}), {KernelTime / 1e3:F0} us of kernels, {Calls} calls");
}
