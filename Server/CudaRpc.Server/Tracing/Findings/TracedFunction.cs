using System.Text.RegularExpressions;

namespace CudaRpc.Server.Tracing;

/// <summary>A function of the driver API, as far as the findings need to know it.</summary>
internal sealed partial record TracedFunction
{
    public TracedFunction(string name)
    {
        Name = name;
        Stem = Suffixes().Replace(name, "");
        IsSynchronise = Stem is "cuCtxSynchronize" or "cuStreamSynchronize" or "cuEventSynchronize";
        IsPoll = Stem is "cuStreamQuery" or "cuEventQuery";
        IsLookup = Stem is "cuModuleGetFunction" or "cuModuleGetGlobal" or "cuLibraryGetKernel" or "cuLibraryGetModule"
            or "cuLibraryGetGlobal"
            or "cuKernelGetFunction" or "cuModuleGetTexRef" or "cuModuleGetSurfRef";
        IsStart = Stem is "cuInit" or "cuDevicePrimaryCtxRetain" or "cuCtxCreate" || Loads().IsMatch(Stem);
        IsCopyToHost = Stem is "cuMemcpyDtoH" or "cuMemcpyDtoHAsync" or "cuMemcpyAtoH" or "cuMemcpyAtoHAsync";
        IsCopy = Stem.StartsWith("cuMemcpy", StringComparison.Ordinal);
        IsAsynchronous = Stem.EndsWith("Async", StringComparison.Ordinal);
        IsAllocation = Stem is "cuMemAlloc" or "cuMemAllocPitch" or "cuMemAllocAsync" or "cuMemAllocFromPoolAsync";
        IsFree = Stem is "cuMemFree" or "cuMemFreeAsync";
        IsQuestion = !IsLookup && Stem != "cuMemGetInfo" && Questions().IsMatch(Stem);
        GivesWork = Works().IsMatch(Stem);
        (Creates, Ends) = (ObjectOf(Creations(), Stem), ObjectOf(Destructions(), Stem));
    }

    public string Name { get; }

    /// <summary>The name without what tells its twins and versions apart.</summary>
    public string Stem { get; }

    public bool IsSynchronise { get; }

    public bool IsPoll { get; }

    /// <summary>Finds by name what a module has.</summary>
    public bool IsLookup { get; }

    /// <summary>What a program does when it starts.</summary>
    public bool IsStart { get; }

    public bool IsCopyToHost { get; }

    public bool IsCopy { get; }

    public bool IsAsynchronous { get; }

    public bool IsAllocation { get; }

    public bool IsFree { get; }

    /// <summary>Asks for something that the program itself changes if anybody does.</summary>
    public bool IsQuestion { get; }

    /// <summary>Gives the device something that a synchronise waits for.</summary>
    public bool GivesWork { get; }

    /// <summary>The kind of object that it creates, such as <c>cuGraphExec</c>; null for none.</summary>
    public string? Creates { get; }

    /// <summary>The kind of object that it ends.</summary>
    public string? Ends { get; }

    private static string? ObjectOf(Regex pattern, string stem) => pattern.Match(stem) is { Success: true } match
        ? match.Groups[1].Value switch
        {
            "cuGraphInstantiate" or "cuGraphExec" => "cuGraphExec",
            "cuMemHostAlloc" or "cuMemAllocHost" or "cuMemFreeHost" => "cuMemHost",
            "cuMemHostUnregister" => "cuMemHostRegister",
            string other => other,
        }
        : null;

    [GeneratedRegex("(_v[0-9]+)?(_ptsz|_ptds)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Suffixes();

    [GeneratedRegex("^cu(Module|Library)Load", RegexOptions.CultureInvariant)]
    private static partial Regex Loads();

    [GeneratedRegex("Get|^cuOccupancy|^cuDeviceCanAccessPeer$", RegexOptions.CultureInvariant)]
    private static partial Regex Questions();

    [GeneratedRegex(
        "^cu(Launch|GraphLaunch|Memcpy|Memset|EventRecord|MemPrefetch|StreamWaitEvent|StreamWaitValue|StreamWriteValue|StreamBatchMemOp|StreamAddCallback)"
        + "|^cuMem(Alloc|Free).*Async$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Works();

    [GeneratedRegex("^(cu[A-Za-z]+?)(?:CreateWith.*|Create|Load.*)$|^(?<1>cuGraphInstantiate).*|^(?<1>cuMemHostAlloc|cuMemAllocHost|cuMemHostRegister)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Creations();

    [GeneratedRegex("^(cu[A-Za-z]+?)(?:Destroy|Unload)$|^(?<1>cuMemFreeHost|cuMemHostUnregister)$", RegexOptions.CultureInvariant)]
    private static partial Regex Destructions();
}
