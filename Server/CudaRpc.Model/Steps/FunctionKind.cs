namespace CudaRpc.Model;

/// <summary>What a driver function does to the device, by its name.</summary>
internal static class FunctionKind
{
    // Endings of newer versions and of variants for the per-thread default stream, which change none of this.
    private static readonly string[] s_endings = ["_ptsz", "_ptds", "_v2", "_v3", "_v4"];

    public static DeviceOperation Of(string function)
    {
        string name = Stem(function);
        return name switch
        {
            "cuEventRecord" or "cuEventRecordWithFlags" => DeviceOperation.RecordEvent,
            "cuStreamWaitEvent" => DeviceOperation.WaitEvent,
            "cuEventSynchronize" => DeviceOperation.SynchronizeEvent,
            "cuStreamSynchronize" => DeviceOperation.SynchronizeStream,
            "cuCtxSynchronize" => DeviceOperation.SynchronizeAll,
            "cuEventQuery" => DeviceOperation.QueryEvent,
            "cuStreamQuery" => DeviceOperation.QueryStream,
            "cuLaunchHostFunc" or "cuStreamAddCallback" => DeviceOperation.HostFunction,
            "cuGraphLaunch" => DeviceOperation.Work,
            _ when name.StartsWith("cuMemcpyHto", StringComparison.Ordinal) => DeviceOperation.CopyToDevice,
            _ when name.StartsWith("cuMemcpyDtoH", StringComparison.Ordinal) || name.StartsWith("cuMemcpyAtoH", StringComparison.Ordinal) => DeviceOperation.CopyToHost,
            _ when name.StartsWith("cuLaunch", StringComparison.Ordinal) || name.StartsWith("cuMemcpy", StringComparison.Ordinal)
                || name.StartsWith("cuMemset", StringComparison.Ordinal) || name.StartsWith("cuMemPrefetch", StringComparison.Ordinal) => DeviceOperation.Work,
            _ => DeviceOperation.None,
        };
    }

    /// <summary>Whether a call that waits for its reply does so until the device has done the work it gave.</summary>
    public static bool WaitsForItsWork(string function) => !Stem(function).EndsWith("Async", StringComparison.Ordinal);

    private static string Stem(string name)
    {
        while (Array.Find(s_endings, ending => name.EndsWith(ending, StringComparison.Ordinal)) is string ending)
        {
            name = name[..^ending.Length];
        }

        return name;
    }
}
