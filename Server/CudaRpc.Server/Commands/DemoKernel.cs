using CudaRpc.Kernels;

namespace CudaRpc.Server.Commands;

/// <summary>One row of the demo's report; its properties are the JSON's.</summary>
internal sealed record DemoKernel(
    string Name,
    string Size,
    bool Verified,
    string? Error,
    double MaxError,
    double Tolerance,
    long Posted,
    long Synchronous,
    long Local,
    long BytesSent,
    long BytesReceived,
    long DataBytes,
    double KernelMilliseconds,
    double Milliseconds)
{
    public static DemoKernel From(KernelResult result) => new(
        result.Name,
        result.Size,
        result.Verified,
        null,
        result.MaxError,
        result.Tolerance,
        result.Calls.Posted,
        result.Calls.Synchronous,
        result.Calls.Local,
        result.Calls.BytesSent,
        result.Calls.BytesReceived,
        result.DataBytes,
        result.KernelTime.TotalMilliseconds,
        result.TotalTime.TotalMilliseconds);

    public static DemoKernel Failed(string name, string size, string error) =>
        new(name, size, false, error, double.PositiveInfinity, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
