using CudaRpc.Driver;

namespace CudaRpc.Client;

// Decompression by an engine that few devices have. The snapshot says which.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuMemBatchDecompressAsync(CUmemDecompressParams* paramsArray, nuint count, uint flags, nuint* errorIndex, CUstream stream)
    {
        if (paramsArray == null || count == 0 || flags != 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        CUresult status = StreamContext(stream, out CUcontext context);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return Local(status);
        }

        int algorithms = 0;
        status = cuDeviceGetAttribute(&algorithms, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEM_DECOMPRESS_ALGORITHM_MASK, Context(context)!.Device);
        if (status != CUresult.CUDA_SUCCESS || algorithms == 0)
        {
            return Local(CUresult.CUDA_ERROR_NOT_SUPPORTED);
        }

        for (nuint index = 0; index < count; index++)
        {
            bool onDevice = IsDevice(new CUdeviceptr((ulong)paramsArray[index].src)) && IsDevice(new CUdeviceptr((ulong)paramsArray[index].dst))
                && (paramsArray[index].dstActBytes == null || IsDevice(new CUdeviceptr((ulong)paramsArray[index].dstActBytes)));
            if (!onDevice)
            {
                SessionLog.NotSupported(_session.Logger, nameof(cuMemBatchDecompressAsync), "the engine cannot reach memory of another machine");
                return Local(CUresult.CUDA_ERROR_NOT_SUPPORTED);
            }
        }

        try
        {
            var call = new Call(_session, CallId.cuMemBatchDecompressAsync);
            call.WriteArray(paramsArray, count);
            call.WriteHandle(stream.Value);
            status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }
            else if (errorIndex != null)
            {
                // A failed call brings no results.
                *errorIndex = nuint.MaxValue;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemBatchDecompressAsync, failure);
        }
    }
}
