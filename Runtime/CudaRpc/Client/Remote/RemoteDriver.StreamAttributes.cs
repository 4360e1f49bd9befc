using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuStreamGetAttribute(CUstream hStream, CUlaunchAttributeID attr, CUlaunchAttributeValue* value_out)
    {
        if (CheckStreamAttribute(hStream, attr, value_out) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamGetAttribute);
            call.WriteHandle(hStream.Value);
            call.Write((int)attr);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.ReadStruct(value_out);
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamGetAttribute, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuStreamSetAttribute(CUstream hStream, CUlaunchAttributeID attr, CUlaunchAttributeValue* value)
    {
        if (CheckStreamAttribute(hStream, attr, value) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamSetAttribute);
            call.WriteHandle(hStream.Value);
            call.Write((int)attr);
            call.WriteStruct(value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamSetAttribute, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuStreamCopyAttributes(CUstream dst, CUstream src)
    {
        // Not generated: NVIDIA's header names the parameters of the function and of its twin differently.
        if (Handles.Check(dst.Value, HandleKind.CUstream) is var target and not CUresult.CUDA_SUCCESS)
        {
            return target;
        }

        if (Handles.Check(src.Value, HandleKind.CUstream) is var source and not CUresult.CUDA_SUCCESS)
        {
            return source;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamCopyAttributes);
            call.WriteHandle(dst.Value);
            call.WriteHandle(src.Value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamCopyAttributes, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuLaunchCooperativeKernelMultiDevice(CUDA_LAUNCH_PARAMS_v1* launchParamsList, uint numDevices, uint flags)
    {
        if (launchParamsList == null || numDevices == 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (numDevices > 1)
        {
            return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        // The launch belongs to the stream, whichever context is current, and the null stream is none of these.
        ref readonly CUDA_LAUNCH_PARAMS_v1 launch = ref *launchParamsList;
        if (Handles.Find(launch.hStream.Value) is not { Kind: HandleKind.CUstream } stream)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        CUresult status = cuCtxPushCurrent_v2(new CUcontext(stream.Parent));
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        status = cuLaunchCooperativeKernel(
            launch.function, launch.gridDimX, launch.gridDimY, launch.gridDimZ, launch.blockDimX, launch.blockDimY, launch.blockDimZ,
            launch.sharedMemBytes, launch.hStream, launch.kernelParams);
        CUcontext popped;
        _ = cuCtxPopCurrent_v2(&popped);
        return status;
    }

    private CUresult CheckStreamAttribute(CUstream stream, CUlaunchAttributeID attribute, CUlaunchAttributeValue* value) =>
        Handles.Check(stream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS
            ? check
            : value == null || !StreamAttributes.Has(attribute) ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;
}
