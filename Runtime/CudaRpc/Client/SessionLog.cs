using CudaRpc.Driver;
using Microsoft.Extensions.Logging;

namespace CudaRpc.Client;

/// <summary>What the client half says. Ids 100..199.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(100, LogLevel.Error, "Connection to {Server} lost during {Call}: {Reason}. Every further call fails.")]
    public static partial void SessionLost(ILogger logger, string server, string call, string reason);

    [LoggerMessage(101, LogLevel.Warning, "{Call}, posted earlier, failed: {Result}. {Reporter} reports it.")]
    public static partial void PostedCallFailed(ILogger logger, string call, CUresult result, string reporter);

    [LoggerMessage(102, LogLevel.Error, "Bug in {Call}; it answers CUDA_ERROR_UNKNOWN.")]
    public static partial void Bug(ILogger logger, string call, Exception failure);

    [LoggerMessage(103, LogLevel.Warning, "{Call} is not supported: {Reason}.")]
    public static partial void NotSupported(ILogger logger, string call, string reason);

    [LoggerMessage(104, LogLevel.Warning, "Simulated device: {Line}")]
    public static partial void SimulatedDevice(ILogger logger, string line);

    [LoggerMessage(106, LogLevel.Warning, "Kernels cannot reach {Bytes} bytes of host memory at 0x{Start:x}: {Result}.")]
    public static partial void Unreachable(ILogger logger, nuint bytes, ulong start, CUresult result);

    [LoggerMessage(107, LogLevel.Warning, "{Bytes} bytes of host memory at 0x{Start:x} are at 0x{Device:x} for kernels: something else is there on the server.")]
    public static partial void Displaced(ILogger logger, nuint bytes, ulong start, ulong device);

    [LoggerMessage(108, LogLevel.Error, "{Bytes} bytes at 0x{Start:x} were given back to the system while they were registered; kernels and program do not share them any more.")]
    public static partial void Gone(ILogger logger, nuint bytes, ulong start);

    [LoggerMessage(105, LogLevel.Error, "{Call} fails on this thread: {Reason}.")]
    public static partial void LaneRefused(ILogger logger, string call, string reason);
}
