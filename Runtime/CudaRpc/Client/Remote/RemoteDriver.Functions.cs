using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// A function or kernel comes with its attributes and parameter layout in one round trip; asking for it again costs none.
public sealed unsafe partial class RemoteDriver
{
    private const int MaximumParameters = 4096;

    private readonly ConcurrentDictionary<string, nint> _names = new();

    /// <inheritdoc/>
    public override CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, byte* name)
    {
        CUresult status = GetFunction(CallId.cuModuleGetFunction, HandleKind.CUfunction, hmod.Value, HandleKind.CUmodule, name, hfunc == null, out nint id);
        if (status == CUresult.CUDA_SUCCESS)
        {
            *hfunc = new CUfunction(id);
        }

        return status;
    }

    /// <inheritdoc/>
    public override CUresult cuLibraryGetKernel(CUkernel* pKernel, CUlibrary library, byte* name)
    {
        CUresult status = GetFunction(CallId.cuLibraryGetKernel, HandleKind.CUkernel, library.Value, HandleKind.CUlibrary, name, pKernel == null, out nint id);
        if (status == CUresult.CUDA_SUCCESS)
        {
            *pKernel = new CUkernel(id);
        }

        return status;
    }

    /// <inheritdoc/>
    public override CUresult cuKernelGetFunction(CUfunction* pFunc, CUkernel kernel)
    {
        if (pFunc == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Handles.Find<FunctionInfo>(kernel.Value) is not { Kind: HandleKind.CUkernel } info)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        CUcontext context = CurrentOwner;
        if (info.Made.TryGetValue(("", context.Value), out nint known) && Handles.Find(known) is not null)
        {
            return Local(pFunc, new CUfunction(known));
        }

        try
        {
            var call = new Call(_session, CallId.cuKernelGetFunction);
            var function = new CUfunction(call.WriteNewHandle(HandleKind.CUfunction));
            call.WriteHandle(kernel.Value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                FunctionInfo made = ReadFunction(ref call, HandleKind.CUfunction, info.Parent, info.Name);
                Handles.Add(function.Value, made.Parameters is null ? made.WithParametersOf(info) : made);
                call.End();
                info.Made[("", context.Value)] = function.Value;
                *pFunc = function;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuKernelGetFunction, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuFuncGetAttribute(int* pi, CUfunction_attribute attrib, CUfunction hfunc)
    {
        if (Handles.Find<FunctionInfo>(hfunc.Value) is not FunctionInfo info)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        return (uint)attrib < (uint)CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX && info[attrib] is int value
            ? Local(pi, value)
            : Local(CUresult.CUDA_ERROR_INVALID_VALUE);
    }

    /// <inheritdoc/>
    public override CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value)
    {
        if (Handles.Find<FunctionInfo>(hfunc.Value) is not FunctionInfo info)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        try
        {
            var call = new Call(_session, CallId.cuFuncSetAttribute);
            call.WriteHandle(hfunc.Value);
            call.Write((int)attrib);
            call.Write(value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                info[attrib] = value;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuFuncSetAttribute, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuFuncGetParamInfo(CUfunction func, nuint paramIndex, nuint* paramOffset, nuint* paramSize) =>
        ParameterInfo(func.Value, paramIndex, paramOffset, paramSize);

    /// <inheritdoc/>
    public override CUresult cuKernelGetParamInfo(CUkernel kernel, nuint paramIndex, nuint* paramOffset, nuint* paramSize) =>
        ParameterInfo(kernel.Value, paramIndex, paramOffset, paramSize);

    /// <inheritdoc/>
    public override CUresult cuFuncGetName(byte** name, CUfunction hfunc) => NameOf(hfunc.Value, name);

    /// <inheritdoc/>
    public override CUresult cuKernelGetName(byte** name, CUkernel hfunc) => NameOf(hfunc.Value, name);

    private CUresult GetFunction(
        uint callId, HandleKind kind, nint parent, HandleKind parentKind, byte* name, bool isNull, out nint id)
    {
        id = 0;
        if (isNull || name == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Handles.Find(parent) is not HandleInfo maker || maker.Kind != parentKind)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        string text = Marshal.PtrToStringUTF8((nint)name)!;
        if (maker.Made.TryGetValue((text, 0), out id) && Handles.Find(id) is not null)
        {
            return Local(CUresult.CUDA_SUCCESS);
        }

        try
        {
            var call = new Call(_session, callId);
            id = call.WriteNewHandle(kind);
            call.WriteHandle(parent);
            call.WriteString(name);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                Handles.Add(id, ReadFunction(ref call, kind, parent, text));
                call.End();
                maker.Made[(text, 0)] = id;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private static FunctionInfo ReadFunction(ref Call call, HandleKind kind, nint parent, string name)
    {
        int count = call.ReadInt32();
        ParameterLayout[]? parameters = count < 0 ? null : new ParameterLayout[count <= MaximumParameters ? count : throw new ProtocolException($"a kernel of {count} parameters")];
        int bytes = 0;
        for (int index = 0; index < count; index++)
        {
            var layout = new ParameterLayout(call.ReadInt32(), call.ReadInt32());
            if (layout.Offset < 0 || layout.Size < 0 || layout.Offset > ProtocolLimits.Body || layout.Size > ProtocolLimits.Body)
            {
                throw new ProtocolException($"parameter {index} of {name} at {layout.Offset} with {layout.Size} bytes");
            }

            parameters![index] = layout;
            bytes = Math.Max(bytes, layout.Offset + layout.Size);
        }

        var info = new FunctionInfo(kind, parent, name) { Parameters = parameters, ParameterBytes = bytes };
        int attributes = call.ReadInt32();
        for (int index = 0; index < (int)CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX; index++)
        {
            info[(CUfunction_attribute)index] = null;
        }

        for (int index = 0; index < attributes; index++)
        {
            int attribute = call.ReadInt32();
            int value = call.ReadInt32();
            if ((uint)attribute < (uint)CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX)
            {
                info[(CUfunction_attribute)attribute] = value;
            }
        }

        return info;
    }

    private CUresult ParameterInfo(nint id, nuint index, nuint* offset, nuint* size)
    {
        if (Handles.Find<FunctionInfo>(id) is not FunctionInfo info)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        if (info.Parameters is not ParameterLayout[] parameters)
        {
            return Local(CUresult.CUDA_ERROR_NOT_SUPPORTED);
        }

        if (offset == null || index >= (nuint)parameters.Length)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        *offset = (nuint)parameters[index].Offset;
        if (size != null)
        {
            *size = (nuint)parameters[index].Size;
        }

        return Local(CUresult.CUDA_SUCCESS);
    }

    // A program may keep the pointer for good, so each name is made once and never freed; kernels have few.
    private CUresult NameOf(nint id, byte** destination)
    {
        if (Handles.Find<FunctionInfo>(id) is not FunctionInfo info)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        nint text = _names.GetOrAdd(info.Name, static name => Marshal.StringToCoTaskMemUTF8(name));
        return destination == null ? Local(CUresult.CUDA_ERROR_INVALID_VALUE) : Constant(destination, (byte*)text);
    }
}
