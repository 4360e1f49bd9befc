using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    public static void cuStreamGetAttribute(CudaDriver driver, ref ServerCall call)
    {
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        var attribute = (CUlaunchAttributeID)call.ReadInt32();
        if (!call.Begin())
        {
            return;
        }

        CUlaunchAttributeValue value = default;
        CUresult status = StreamAttributes.Has(attribute) ? driver.cuStreamGetAttribute(stream, attribute, &value) : CUresult.CUDA_ERROR_INVALID_VALUE;
        if (call.Reply(status))
        {
            call.WriteStruct(&value);
        }
    }

    // Values of other attributes would hold the client's handles.
    public static void cuStreamSetAttribute(CudaDriver driver, ref ServerCall call)
    {
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        var attribute = (CUlaunchAttributeID)call.ReadInt32();
        CUlaunchAttributeValue* value = call.ReadStruct<CUlaunchAttributeValue>();
        if (call.Begin())
        {
            call.Reply(StreamAttributes.Has(attribute) ? driver.cuStreamSetAttribute(stream, attribute, value) : CUresult.CUDA_ERROR_INVALID_VALUE);
        }
    }
}
