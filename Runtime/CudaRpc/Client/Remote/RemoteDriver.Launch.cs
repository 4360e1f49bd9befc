using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Launches are posted. Parameters are gathered into one packed buffer by the function's layout, so the server needs no pointers.
public sealed unsafe partial class RemoteDriver
{
    // Many times what there are kinds of. More would fit no frame, and need not be in the program's memory at all.
    private const uint MostAttributes = 1024;

    // CUDA 12.1 and newer take up to 32764 bytes on devices of compute capability 7.0 and higher.
    private const int MaximumParameterBytes = 32764;

    private const nint BufferEnd = 0;
    private const nint BufferPointer = 1;
    private const nint BufferSize = 2;

    /// <inheritdoc/>
    public override CUresult cuLaunchKernel(
        CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ,
        uint sharedMemBytes, CUstream hStream, void** kernelParams, void** extra) =>
        Launch(CallId.cuLaunchKernel, f, new LaunchShape(gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes, hStream), kernelParams, extra);

    /// <inheritdoc/>
    public override CUresult cuLaunchCooperativeKernel(
        CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ,
        uint sharedMemBytes, CUstream hStream, void** kernelParams) =>
        Launch(
            CallId.cuLaunchCooperativeKernel, f,
            new LaunchShape(gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes, hStream), kernelParams, null);

    /// <inheritdoc/>
    public override CUresult cuLaunchKernelEx(CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra)
    {
        if (config == null || (config->numAttrs > 0 && config->attrs == null))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (config->numAttrs > MostAttributes)
        {
            return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        for (uint index = 0; index < config->numAttrs; index++)
        {
            // It would bring back a handle that kernels use, for which a posted call has no reply and the session no value to give.
            if (config->attrs[index].id == CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE)
            {
                return CUresult.CUDA_ERROR_NOT_SUPPORTED;
            }
        }

        var shape = new LaunchShape(
            config->gridDimX, config->gridDimY, config->gridDimZ, config->blockDimX, config->blockDimY, config->blockDimZ,
            config->sharedMemBytes, config->hStream);
        return Launch(CallId.cuLaunchKernelEx, f, shape, kernelParams, extra, config->attrs, config->numAttrs);
    }

    private CUresult Launch(
        uint callId, CUfunction f, in LaunchShape shape, void** kernelParams, void** extra, CUlaunchAttribute* attributes = null, uint attributeCount = 0)
    {
        if (Handles.Find<FunctionInfo>(f.Value) is not FunctionInfo function)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (Handles.Check(shape.Stream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (shape.IsEmpty)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Context(default) is not ContextInfo context)
        {
            return NoContext();
        }

        if (IsForeign(Handles.Find(function.Parent)?.Parent ?? 0, shape.Stream))
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (FaultOf(shape.Stream) is CUresult fault)
        {
            return fault;
        }

        if (!Fits(shape, function, Facts(context.Device)!))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        byte* packed = stackalloc byte[function.ParameterBytes <= MaximumParameterBytes ? function.ParameterBytes : 0];
        nuint length = (nuint)function.ParameterBytes;
        if (Pack(function, kernelParams, extra, ref packed, ref length) is var gathered and not CUresult.CUDA_SUCCESS)
        {
            return gathered;
        }

        try
        {
            var call = new Call(_session, callId);
            call.WriteHandle(f.Value);
            call.Write(shape.GridX);
            call.Write(shape.GridY);
            call.Write(shape.GridZ);
            call.Write(shape.BlockX);
            call.Write(shape.BlockY);
            call.Write(shape.BlockZ);
            call.Write(shape.SharedBytes);
            call.WriteHandle(shape.Stream.Value);
            call.WriteArray(packed, length);
            if (callId == CallId.cuLaunchKernelEx)
            {
                call.WriteArray(attributes, attributeCount);
            }

            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    // What the driver would refuse at the call. Programs try shapes out and go by the answer.
    private static bool Fits(in LaunchShape shape, FunctionInfo function, DeviceFacts device)
    {
        ulong threads = (ulong)shape.BlockX * shape.BlockY * shape.BlockZ;
        return threads <= device.Limit(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK)
            && threads <= (uint)(function[CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK] ?? int.MaxValue)
            && shape.BlockX <= device.Limit(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X)
            && shape.BlockY <= device.Limit(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y)
            && shape.BlockZ <= device.Limit(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z)
            && shape.GridX <= device.Limit(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X)
            && shape.GridY <= device.Limit(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y)
            && shape.GridZ <= device.Limit(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z)
            && shape.SharedBytes <= (uint)(function[CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES] ?? int.MaxValue);
    }

    // Parameters come as one pointer each, or ready packed in `extra`; never both.
    private CUresult Pack(FunctionInfo function, void** kernelParams, void** extra, ref byte* packed, ref nuint length)
    {
        if (extra != null)
        {
            return kernelParams != null ? CUresult.CUDA_ERROR_INVALID_VALUE : ReadExtra(function, (nint*)extra, ref packed, ref length);
        }

        if (function.Parameters is not ParameterLayout[] parameters)
        {
            SessionLog.NotSupported(_session.Logger, $"launch of {function.Name} with kernelParams", "the server's driver is older than CUDA 12.4 and cannot tell the parameters' sizes");
            return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        if (function.ParameterBytes > MaximumParameterBytes || (kernelParams == null && parameters.Length > 0))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        // Gaps between parameters go as zeros, not as what the stack held.
        new Span<byte>(packed, function.ParameterBytes).Clear();
        for (int index = 0; index < parameters.Length; index++)
        {
            if (kernelParams[index] == null)
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            // SAFETY: the program vouches for each parameter's size; packed has room for every layout of the function.
            Buffer.MemoryCopy(kernelParams[index], packed + parameters[index].Offset, parameters[index].Size, parameters[index].Size);
        }

        return CUresult.CUDA_SUCCESS;
    }

    private static CUresult ReadExtra(FunctionInfo function, nint* extra, ref byte* packed, ref nuint length)
    {
        byte* buffer = null;
        nuint bytes = 0;
        while (*extra != BufferEnd)
        {
            switch (*extra)
            {
                case BufferPointer:
                    buffer = (byte*)extra[1];
                    break;
                case BufferSize when extra[1] != 0:
                    bytes = *(nuint*)extra[1];
                    break;
                default:
                    return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            extra += 2;
        }

        // A program may leave out or add padding at the end, not parameters.
        if (bytes > MaximumParameterBytes || (buffer == null && bytes > 0) || (function.Parameters is not null && bytes < (nuint)function.ParameterBytes))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        packed = buffer;
        length = bytes;
        return CUresult.CUDA_SUCCESS;
    }

    private readonly record struct LaunchShape(
        uint GridX, uint GridY, uint GridZ, uint BlockX, uint BlockY, uint BlockZ, uint SharedBytes, CUstream Stream)
    {
        public bool IsEmpty => GridX == 0 || GridY == 0 || GridZ == 0 || BlockX == 0 || BlockY == 0 || BlockZ == 0;
    }
}
