using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    private const int MaximumParameters = 4096;
    private const int FirstVersionWithParameterInfo = 12040;

    public static void cuModuleLoadDataEx(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUmodule);
        var jit = ServerJitOptions.Read(ref call);
        var image = ServerImage.Read(ref call);
        if (!call.Begin() || IsWanted(ref call, image))
        {
            return;
        }

        CUmodule module = default;
        byte* prepared = image.Prepare(ref call);
        CUresult status = prepared == null
            ? CUresult.CUDA_ERROR_INVALID_IMAGE
            : driver.cuModuleLoadDataEx(&module, prepared, jit.Count, jit.Options, jit.Values);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, module.Value, layouts: Layouts(driver, image));
        }

        image.Release();
        jit.Reply(ref call, status);
    }

    public static void cuLibraryLoadData(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUlibrary);
        var jit = ServerJitOptions.Read(ref call);
        var image = ServerImage.Read(ref call);
        if (!call.Begin() || IsWanted(ref call, image))
        {
            return;
        }

        CUlibrary library = default;
        byte* prepared = image.Prepare(ref call);
        CUresult status = prepared == null
            ? CUresult.CUDA_ERROR_INVALID_IMAGE
            : driver.cuLibraryLoadData(&library, prepared, jit.Options, jit.Values, jit.Count, null, null, 0);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, library.Value, layouts: Layouts(driver, image));
        }

        image.Release();
        jit.Reply(ref call, status);
    }

    public static void cuLibraryGetModule(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUmodule);
        var library = new CUlibrary(call.ReadHandle(HandleKind.CUlibrary, out nint parent));
        if (!call.Begin())
        {
            return;
        }

        CUmodule module;
        CUresult status = driver.cuLibraryGetModule(&module, library);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, module.Value, parent, call.Session.Handles.LayoutsOf(parent));
        }

        call.Reply(status);
    }

    public static void cuModuleGetFunction(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUfunction);
        var module = new CUmodule(call.ReadHandle(HandleKind.CUmodule, out nint parent));
        byte* name = call.ReadString();
        if (!call.Begin())
        {
            return;
        }

        CUfunction function;
        CUresult status = driver.cuModuleGetFunction(&function, module, name);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, function.Value, parent);
        }

        if (call.Reply(status))
        {
            WriteParameters(ref call, ParametersOf(driver, function) ?? LayoutOf(ref call, parent, name));
            WriteAttributes(ref call, FunctionAttributes(driver, function));
        }
    }

    public static void cuKernelGetFunction(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUfunction);
        var kernel = new CUkernel(call.ReadHandle(HandleKind.CUkernel, out nint parent));
        if (!call.Begin())
        {
            return;
        }

        CUfunction function;
        CUresult status = driver.cuKernelGetFunction(&function, kernel);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, function.Value, parent);
        }

        if (call.Reply(status))
        {
            WriteParameters(ref call, ParametersOf(driver, function));
            WriteAttributes(ref call, FunctionAttributes(driver, function));
        }
    }

    public static void cuLibraryGetKernel(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUkernel);
        var library = new CUlibrary(call.ReadHandle(HandleKind.CUlibrary, out nint parent));
        byte* name = call.ReadString();
        if (!call.Begin())
        {
            return;
        }

        CUkernel kernel;
        CUresult status = driver.cuLibraryGetKernel(&kernel, library, name);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, kernel.Value, parent);
        }

        if (call.Reply(status))
        {
            WriteParameters(ref call, ParametersOf(driver, kernel) ?? LayoutOf(ref call, parent, name));
            WriteAttributes(ref call, KernelAttributes(driver, kernel));
        }
    }

    // A client that named an image which is not here sends it next.
    private static bool IsWanted(ref ServerCall call, in ServerImage image)
    {
        if (image.IsKnown)
        {
            return false;
        }

        call.Reply(CUresult.CUDA_SUCCESS);
        call.Write(RemoteDriver.ImageWanted);
        return true;
    }

    // Read from the image where the driver is older than CUDA 12.4 and cannot tell them.
    private static Dictionary<string, List<ParameterLayout>>? Layouts(CudaDriver driver, in ServerImage image)
    {
        int version;
        return driver.cuDriverGetVersion(&version) == CUresult.CUDA_SUCCESS && version < FirstVersionWithParameterInfo ? image.ReadLayouts() : null;
    }

    private static List<ParameterLayout>? LayoutOf(ref ServerCall call, nint parent, byte* name) =>
        call.Session.Handles.LayoutsOf(parent)?.GetValueOrDefault(Marshal.PtrToStringUTF8((nint)name)!);

    // Null where the driver is older than CUDA 12.4 and cannot tell. Runs once per function, so lists are fine.
    private static List<ParameterLayout>? ParametersOf(CudaDriver driver, CUfunction function)
    {
        var parameters = new List<ParameterLayout>();
        for (nuint index = 0; index < MaximumParameters; index++)
        {
            nuint offset;
            nuint size;
            CUresult status = driver.cuFuncGetParamInfo(function, index, &offset, &size);
            if (status == CUresult.CUDA_ERROR_NOT_SUPPORTED)
            {
                return null;
            }

            if (status != CUresult.CUDA_SUCCESS)
            {
                break;
            }

            parameters.Add(new ParameterLayout((int)offset, (int)size));
        }

        return parameters;
    }

    private static List<ParameterLayout>? ParametersOf(CudaDriver driver, CUkernel kernel)
    {
        var parameters = new List<ParameterLayout>();
        for (nuint index = 0; index < MaximumParameters; index++)
        {
            nuint offset;
            nuint size;
            CUresult status = driver.cuKernelGetParamInfo(kernel, index, &offset, &size);
            if (status == CUresult.CUDA_ERROR_NOT_SUPPORTED)
            {
                return null;
            }

            if (status != CUresult.CUDA_SUCCESS)
            {
                break;
            }

            parameters.Add(new ParameterLayout((int)offset, (int)size));
        }

        return parameters;
    }

    private static List<(int Attribute, int Value)> FunctionAttributes(CudaDriver driver, CUfunction function)
    {
        var attributes = new List<(int, int)>();
        for (int attribute = 0; attribute < (int)CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX; attribute++)
        {
            int value;
            if (driver.cuFuncGetAttribute(&value, (CUfunction_attribute)attribute, function) == CUresult.CUDA_SUCCESS)
            {
                attributes.Add((attribute, value));
            }
        }

        return attributes;
    }

    // Of the current device, or the first where the thread has no context yet.
    private static List<(int Attribute, int Value)> KernelAttributes(CudaDriver driver, CUkernel kernel)
    {
        int device;
        if (driver.cuCtxGetDevice(&device) != CUresult.CUDA_SUCCESS)
        {
            device = 0;
        }

        var attributes = new List<(int, int)>();
        for (int attribute = 0; attribute < (int)CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX; attribute++)
        {
            int value;
            if (driver.cuKernelGetAttribute(&value, (CUfunction_attribute)attribute, kernel, device) == CUresult.CUDA_SUCCESS)
            {
                attributes.Add((attribute, value));
            }
        }

        return attributes;
    }

    private static void WriteParameters(ref ServerCall call, List<ParameterLayout>? parameters)
    {
        call.Write(parameters?.Count ?? -1);
        foreach (ParameterLayout parameter in parameters ?? [])
        {
            call.Write(parameter.Offset);
            call.Write(parameter.Size);
        }
    }

    private static void WriteAttributes(ref ServerCall call, List<(int Attribute, int Value)> attributes)
    {
        call.Write(attributes.Count);
        foreach ((int attribute, int value) in attributes)
        {
            call.Write(attribute);
            call.Write(value);
        }
    }
}
