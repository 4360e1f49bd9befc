using CudaRpc.Server;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>What looks wrong and is not: CUDA allows it. Everything else must be an error.</summary>
internal static class BadCallExceptions
{
    private static readonly (string Functions, string Parameter, Wrong[] What, string Why)[] s_allowed =
    [
        ("cuCtxCreate_v3", "paramsArray", [Wrong.NullPointer], "a context without parameters"),
        ("cuDevSmResourceSplitByCount", "result", [Wrong.NullPointer], "asks for the number"),
        ("cuDevSmResourceSplitByCount", "remaining", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuFuncGetParamInfo cuKernelGetParamInfo", "paramSize", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuLibraryLoadData cuLibraryLoadFromFile", "jitOptions", [Wrong.NullPointer], "there are none"),
        ("cuLibraryLoadData cuLibraryLoadFromFile", "jitOptionsValues", [Wrong.NullPointer], "there are none"),
        ("cuLibraryLoadData cuLibraryLoadFromFile", "libraryOptions", [Wrong.NullPointer], "there are none"),
        ("cuLibraryLoadData cuLibraryLoadFromFile", "libraryOptionValues", [Wrong.NullPointer], "there are none"),
        ("cuLinkAddData cuLinkAddData_v2 cuLinkAddFile cuLinkAddFile_v2 cuModuleLoadDataEx", "options", [Wrong.NullPointer],
            "there are none"),
        ("cuLinkAddData cuLinkAddData_v2 cuLinkAddFile cuLinkAddFile_v2 cuModuleLoadDataEx", "optionValues", [Wrong.NullPointer],
            "there are none"),
        ("cuLinkAddData cuLinkAddData_v2", "name", [Wrong.NullPointer], "names what is added in messages"),
        ("cuMemAddressReserve", "addr", [Wrong.NullAddress, Wrong.WildAddress], "a wish that need not be met"),
        ("cuMemAdvise", "device", [Wrong.Ordinal], "-1 is the host"),
        ("cuMemPrefetchAsync cuMemPrefetchAsync_ptsz", "dstDevice", [Wrong.Ordinal], "-1 is the host"),
        ("cuMemcpyBatchAsync cuMemcpyBatchAsync_ptsz cuMemcpy3DBatchAsync cuMemcpy3DBatchAsync_ptsz", "failIdx", [Wrong.NullPointer],
            "a result that need not be wanted"),
        ("cuMipmappedArrayCreate", "numMipmapLevels", [Wrong.Overflow], "no more than the shape has are made"),
        ("cuModuleGetGlobal cuModuleGetGlobal_v2 cuLibraryGetGlobal", "dptr", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuModuleGetGlobal_v2 cuLibraryGetGlobal", "bytes", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuPointerGetAttributes", "ptr", [Wrong.NullAddress, Wrong.WildAddress],
            "what is no one's memory has no attributes, which is an answer"),
        ("cuStreamUpdateCaptureDependencies_v2 cuStreamUpdateCaptureDependencies_v2_ptsz", "dependencyData", [Wrong.NullPointer],
            "edges without data"),
        ("cuOccupancyMaxActiveClusters cuOccupancyMaxPotentialClusterSize", "config.gridDimX", [Wrong.Overflow],
            "the answer is the same for every grid"),
        ("cuOccupancyMaxActiveClusters cuOccupancyMaxPotentialClusterSize", "config.gridDimY", [Wrong.Overflow],
            "the answer is the same for every grid"),
        ("cuOccupancyMaxActiveClusters cuOccupancyMaxPotentialClusterSize", "config.gridDimZ", [Wrong.Overflow],
            "the answer is the same for every grid"),
        ("cuCoredumpGetAttribute cuCoredumpGetAttributeGlobal", "value", [Wrong.NullPointer], "asks for the size"),
        ("cuCoredumpGetAttribute cuCoredumpGetAttributeGlobal", "size[0]", [Wrong.Overflow], "room for more than there is"),
        ("cuGraphAddBatchMemOpNode cuGraphBatchMemOpNodeSetParams cuGraphExecBatchMemOpNodeSetParams", "nodeParams.ctx", [Wrong.NullHandle],
            "the current context"),
        ("cuGraphAddMemcpyNode cuGraphAddMemsetNode cuGraphExecMemcpyNodeSetParams cuGraphExecMemsetNodeSetParams", "ctx", [Wrong.NullHandle],
            "the current context"),
        ("cuGraphAddHostNode cuGraphExecHostNodeSetParams cuGraphHostNodeSetParams", "nodeParams.userData", [Wrong.NullPointer],
            "means something to the function only"),
        ("cuGraphAddNode_v2", "dependencyData", [Wrong.NullPointer], "edges without data"),
        ("cuLinkComplete", "sizeOut", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuLogsDumpToFile cuLogsDumpToMemory", "iterator", [Wrong.NullPointer], "from the oldest message"),
        ("cuLogsUnregisterCallback", "callback", [Wrong.ForeignHandle],
            "a number that counts callbacks: it is one of this session's as well"),
        ("cuTensorMapEncodeIm2col cuTensorMapEncodeIm2colWide cuTensorMapEncodeTiled cuTensorMapReplaceAddress", "globalAddress",
            [Wrong.NullPointer], "can be replaced later; only the kernel reads there"),
        ("cuTensorMapEncodeIm2colWide", "pixelBoxLowerCornerWidth", [Wrong.Overflow], "corners may lie outside"),
        ("cuTensorMapEncodeIm2colWide", "pixelBoxUpperCornerWidth", [Wrong.Overflow], "corners may lie outside"),
        ("cuTexObjectCreate", "pResViewDesc", [Wrong.NullPointer], "no view"),
        ("cuUserObjectCreate", "ptr", [Wrong.NullPointer], "means something to the function only"),
        ("cuCtxCreate_v4", "ctxCreateParams", [Wrong.NullPointer], "a context without parameters"),
        ("cuCtxGetApiVersion cuCtxGetDevice_v2 cuCtxGetId", "ctx", [Wrong.NullHandle], "the current context"),
        ("cuCtxPopCurrent cuCtxPopCurrent_v2", "pctx", [Wrong.NullPointer], "who pops need not know what"),
        ("cuCtxSetCurrent", "ctx", [Wrong.NullHandle], "no context is to be current"),
        ("cuGraphExecUpdate", "hErrorNode_out", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuGraphExecUpdate", "updateResult_out", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuGraphGetEdges cuGraphGetEdges_v2", "from", [Wrong.NullPointer], "asks for the number"),
        ("cuGraphGetEdges cuGraphGetEdges_v2", "to", [Wrong.NullPointer], "asks for the number"),
        ("cuGraphGetEdges_v2 cuGraphNodeGetDependencies_v2 cuGraphNodeGetDependentNodes_v2", "edgeData", [Wrong.NullPointer],
            "a result that need not be wanted"),
        ("cuGraphGetNodes", "nodes", [Wrong.NullPointer], "asks for the number"),
        ("cuGraphGetRootNodes", "rootNodes", [Wrong.NullPointer], "asks for the number"),
        ("cuGraphNodeGetDependencies cuGraphNodeGetDependencies_v2", "dependencies", [Wrong.NullPointer], "asks for the number"),
        ("cuGraphNodeGetDependentNodes cuGraphNodeGetDependentNodes_v2", "dependentNodes", [Wrong.NullPointer], "asks for the number"),
        ("cuGraphInstantiate cuGraphInstantiate_v2", "phErrorNode", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuGraphInstantiate cuGraphInstantiate_v2", "logBuffer", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuGraphInstantiate cuGraphInstantiate_v2", "bufferSize", [Wrong.Overflow], "the log is never that long"),
        ("cuStreamGetCaptureInfo cuStreamGetCaptureInfo_ptsz cuStreamGetCaptureInfo_v2 "
            + "cuStreamGetCaptureInfo_v2_ptsz cuStreamGetCaptureInfo_v3 cuStreamGetCaptureInfo_v3_ptsz",
            "id_out", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuStreamGetCaptureInfo_v2 cuStreamGetCaptureInfo_v2_ptsz "
            + "cuStreamGetCaptureInfo_v3 cuStreamGetCaptureInfo_v3_ptsz",
            "graph_out", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuStreamGetCaptureInfo_v2 cuStreamGetCaptureInfo_v2_ptsz "
            + "cuStreamGetCaptureInfo_v3 cuStreamGetCaptureInfo_v3_ptsz",
            "dependencies_out", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuStreamGetCaptureInfo_v2 cuStreamGetCaptureInfo_v2_ptsz "
            + "cuStreamGetCaptureInfo_v3 cuStreamGetCaptureInfo_v3_ptsz",
            "numDependencies_out", [Wrong.NullPointer], "a result that need not be wanted"),
        ("cuStreamGetCaptureInfo_v3 cuStreamGetCaptureInfo_v3_ptsz", "edgeData_out", [Wrong.NullPointer],
            "a result that need not be wanted"),
        ("cuLaunchKernel cuLaunchKernel_ptsz cuLaunchCooperativeKernel cuLaunchCooperativeKernel_ptsz", "kernelParams", [Wrong.NullPointer],
            "the kernel has no parameters"),
        ("cuLaunchKernel cuLaunchKernel_ptsz", "extra", [Wrong.NullPointer], "the kernel has no parameters"),
        ("cuLaunchKernelEx cuLaunchKernelEx_ptsz", "kernelParams", [Wrong.NullPointer], "the kernel has no parameters"),
        ("cuLaunchKernelEx cuLaunchKernelEx_ptsz", "extra", [Wrong.NullPointer], "the kernel has no parameters"),
        ("cuDeviceRegisterAsyncNotification cuLaunchHostFunc cuLaunchHostFunc_ptsz cuLogsRegisterCallback cuStreamAddCallback "
            + "cuStreamAddCallback_ptsz", "userData", [Wrong.NullPointer],
            "means something to the callback only"),
        ("cuModuleEnumerateFunctions", "numFunctions", [Wrong.Overflow], "room for more than there are"),
        ("cuLibraryEnumerateKernels", "numKernels", [Wrong.Overflow], "room for more than there are"),
        ("cuMemAllocHost", "bytesize", [Wrong.Overflow], "4 GiB - 1 of host memory can be had"),
        ("cuMemFree_v2", "dptr", [Wrong.NullAddress], "freeing null does nothing"),
        ("cuMemFreeHost", "p", [Wrong.NullPointer], "freeing null does nothing"),
        ("cuMemPoolTrimTo", "minBytesToKeep", [Wrong.Overflow], "to keep more than there is is to keep all"),
        ("cuOccupancyMaxActiveBlocksPerMultiprocessor cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags", "blockSize", [Wrong.Overflow],
            "the answer is that no block fits"),
        ("cuOccupancyMaxActiveBlocksPerMultiprocessor cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags", "dynamicSMemSize", [Wrong.Overflow],
            "the answer is that no block fits"),
        ("cuOccupancyMaxPotentialBlockSize cuOccupancyMaxPotentialBlockSizeWithFlags", "dynamicSMemSize", [Wrong.Overflow],
            "does not count where a function tells it"),
        ("cuOccupancyMaxPotentialBlockSize cuOccupancyMaxPotentialBlockSizeWithFlags", "blockSizeLimit", [Wrong.Overflow],
            "a limit above the device's is none"),
    ];

    private static readonly Dictionary<(string Function, string Parameter), bool> s_optional =
        ParameterFacts.Rows.ToDictionary(static row => (row.Function, row.Parameter), static row => row.Optional);

    private static readonly Dictionary<string, CoverageRow> s_coverage = Coverage.Rows.ToDictionary(static row => row.Function);

    /// <summary>The reason, or null.</summary>
    public static string? WhyAllowed(BadArgument bad)
    {
        string function = bad.Function, parameter = bad.Name;
        if (bad.What is Wrong.NullPointer or Wrong.NullHandle && s_optional.GetValueOrDefault((function, parameter)))
        {
            return "the rules say that it may be left out";
        }

        if (bad.What == Wrong.NullHandle && bad.Type.Name == "CUstream")
        {
            return "stream 0 is the default stream";
        }

        if (bad.What is Wrong.StaleHandleThatTheClientBelieves or Wrong.UnknownHandleThatTheClientBelieves && IsAnsweredByTheClient(function))
        {
            return "the client was made to believe in it, and the server is not asked";
        }

        return s_allowed.FirstOrDefault(row =>
            row.Parameter == parameter && row.What.Contains(bad.What) && row.Functions.Split(' ').Contains(function)).Why;
    }

    /// <summary>Exceptions about functions or parameters that do not exist.</summary>
    public static IEnumerable<string> Stale() =>
        from row in s_allowed
        from function in row.Functions.Split(' ')
        where typeof(Driver.CudaDriver).GetMethod(function)?.GetParameters().Any(parameter => parameter.Name == row.Parameter.Split('.', '[')[0]) != true
        select $"{function}.{row.Parameter}";

    // Forwarded ones say to where: "to cuStreamGetCtx".
    private static bool IsAnsweredByTheClient(string function) => s_coverage[function] is var row
        && (row.Travels is "local" or "cached" || (row.Travels == "forwarded" && IsAnsweredByTheClient(row.Note.Split(' ', ',')[1])));
}
