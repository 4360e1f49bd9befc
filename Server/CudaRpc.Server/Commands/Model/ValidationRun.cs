using System.Diagnostics;
using CudaRpc.Driver;
using CudaRpc.Tracing;
using CudaRpc.Workloads;

namespace CudaRpc.Server.Commands.Model;

/// <summary>Runs of one workload on a server, over whatever network.</summary>
internal sealed class ValidationRun(string url, Workload workload)
{
    /// <summary>Nanoseconds from the first call to the last one, connecting not included.</summary>
    public long Time(string network = "") => Run(new SessionOptions { ClientName = "cudarpc model" }, network);

    /// <summary>The same run, recorded over the plain connection.</summary>
    public CudaRpc.Tracing.Trace Record()
    {
        string file = Path.Combine(Path.GetTempPath(), $"cudarpc-model-{Guid.NewGuid():N}.trace");
        try
        {
            Run(new SessionOptions { ClientName = "cudarpc model", TraceFile = file }, "");
            return TraceFile.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private long Run(SessionOptions options, string network)
    {
        CudaDriver driver = DriverFactory.Open(url + network, options);
        try
        {
            long began = Stopwatch.GetTimestamp();
            using (var program = new WorkloadProgram(driver, workload))
            {
                program.Run(workload.Steps);
            }

            return (long)Stopwatch.GetElapsedTime(began).TotalNanoseconds;
        }
        finally
        {
            (driver as IDisposable)?.Dispose();
        }
    }
}
