using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

internal static unsafe partial class GoodCalls
{
    private static readonly (string Functions, Action<GoodCall> Complete)[] s_kernels =
    [
        ("cuLaunchKernel cuLaunchCooperativeKernel", static call => call.Put("kernelParams", (nint)Argument(call))),
        ("cuLaunchKernel", static call => call.Set("extra", null)),
        ("cuLaunchKernelEx", static call =>
        {
            call.Put("config", Launch(call));
            call.Put("kernelParams", (nint)Argument(call));
            call.Set("extra", null);
        }),
        ("cuLaunchCooperativeKernelMultiDevice", static call => call.Put("launchParamsList", new CUDA_LAUNCH_PARAMS_v1
        {
            function = Handle<CUfunction>(call), hStream = Handle<CUstream>(call),
            gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1,
            kernelParams = (void**)call.Beside("parameters", (nint)Argument(call)),
        })),
        ("cuOccupancyMaxActiveClusters cuOccupancyMaxPotentialClusterSize", static call => call.Put("config", Grid(call))),
        ("cuLaunch cuLaunchGrid cuLaunchGridAsync", static call => call.At.Once("old launch", () =>
        {
            CUfunction function = Handle<CUfunction>(call);
            CUdeviceptr target = call.At.Memory;
            Cuda.Ok(call.At.Driver.cuFuncSetBlockShape(function, 1, 1, 1));
            Cuda.Ok(call.At.Driver.cuParamSetSize(function, 8));
            Cuda.Ok(call.At.Driver.cuParamSetv(function, 0, &target, 8));
            return true;
        })),
        ("cuLaunchGrid cuLaunchGridAsync", static call =>
        {
            call.Set("grid_width", 1);
            call.Set("grid_height", 1);
        }),
        ("cuFuncSetBlockShape", static call =>
        {
            call.Set("x", 1);
            call.Set("y", 1);
            call.Set("z", 1);
        }),
        ("cuFuncSetAttribute cuKernelSetAttribute", static call =>
            call.Set("attrib", CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)),
        ("cuFuncSetAttribute", static call => call.Set("value", 1024)),
        ("cuKernelSetAttribute", static call => call.Set("val", 1024)),
        ("cuModuleGetFunction cuLibraryGetKernel", static call => call.Text("name", "k")),
        ("cuModuleGetGlobal cuModuleGetGlobal_v2 cuLibraryGetGlobal", static call => call.Text("name", "g")),
        ("cuModuleGetTexRef", static call => call.Text("name", "image")),
        ("cuModuleGetSurfRef", static call => call.Text("name", "canvas")),
        ("cuModuleLoadData cuModuleLoadDataEx", static call => call.Text("image", BadCallSession.Ptx)),
        ("cuModuleLoadFatBinary", static call => call.Text("fatCubin", BadCallSession.Ptx)),
        ("cuModuleLoadDataEx", static call => call.Set("numOptions", 0)),
        ("cuLibraryLoadData", static call => call.Text("code", BadCallSession.Ptx)),
        ("cuLibraryLoadData cuLibraryLoadFromFile", static call =>
        {
            call.Set("numJitOptions", 0);
            call.Set("numLibraryOptions", 0);
        }),
        ("cuModuleLoad", static call => call.Text("fname", PtxFile)),
        ("cuLibraryLoadFromFile", static call => call.Text("fileName", PtxFile)),
        ("cuLinkAddFile cuLinkAddFile_v2", static call => call.Text("path", PtxFile)),
        ("cuLinkAddData cuLinkAddData_v2", static call =>
        {
            call.Text("data", BadCallSession.Ptx);
            call.Set("size", BadCallSession.Ptx.Length + 1);
        }),
        ("cuLinkAddData cuLinkAddData_v2 cuLinkAddFile cuLinkAddFile_v2", static call =>
        {
            call.Set("type", CUjitInputType.CU_JIT_INPUT_PTX);
            call.Set("numOptions", 0);
        }),
        ("cuLinkComplete", static call => call.At.Once("linked", () =>
        {
            fixed (byte* text = Cuda.Text(BadCallSession.Ptx))
            {
                Cuda.Ok(call.At.Driver.cuLinkAddData_v2(
                    Handle<CUlinkState>(call), CUjitInputType.CU_JIT_INPUT_PTX, text, (nuint)BadCallSession.Ptx.Length + 1, null, 0, null, null));
            }

            return true;
        })),
        ("cuFuncGetParamInfo cuKernelGetParamInfo", static call => call.Set("paramIndex", 0)),
    ];

    private static readonly Lazy<string> s_file = new(static () =>
    {
        string path = Path.Combine(AppContext.BaseDirectory, "bad-calls.ptx");
        File.WriteAllText(path, BadCallSession.Ptx);
        return path;
    });

    private static string PtxFile => s_file.Value;

    private static CUlaunchConfig Grid(GoodCall call) => new()
    {
        gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1, hStream = Handle<CUstream>(call),
    };

    private static CUlaunchConfig Launch(GoodCall call) => Grid(call) with
    {
        attrs = call.Beside("attrs", new CUlaunchAttribute { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN }), numAttrs = 1,
    };
}
