using CudaRpc.Simulator.Execution;
using static CudaRpc.Driver.CUlaunchAttributeID;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuStreamGetAttribute(CUstream hStream, CUlaunchAttributeID attr, CUlaunchAttributeValue* value_out)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (value_out == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (attr == CU_LAUNCH_ATTRIBUTE_PRIORITY)
        {
            *value_out = new CUlaunchAttributeValue { priority = stream.Priority };
            return CUDA_SUCCESS;
        }
        return stream.TryGetAttribute(attr, out *value_out) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }

    /// <summary>Kept and checked; like the hints of launches they change nothing here.</summary>
    public override CUresult cuStreamSetAttribute(CUstream hStream, CUlaunchAttributeID attr, CUlaunchAttributeValue* value)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (value == null || !IsStreamAttribute(attr, *value))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (attr == CU_LAUNCH_ATTRIBUTE_PRIORITY)
        {
            stream.Priority = Math.Clamp(value->priority, DeviceAttributes.GreatestPriority, DeviceAttributes.LeastPriority);
        }
        else
        {
            stream.SetAttribute(attr, *value);
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuStreamCopyAttributes(CUstream dst, CUstream src)
    {
        if (EnterStream(dst, out DriverStream to) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterStream(src, out DriverStream from) is not CUDA_SUCCESS and var noSource)
        {
            return noSource;
        }
        if (to.Context != from.Context)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        to.CopyAttributes(from);
        return CUDA_SUCCESS;
    }

    private static bool IsStreamAttribute(CUlaunchAttributeID attribute, in CUlaunchAttributeValue value) => attribute switch
    {
        CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW => value.accessPolicyWindow.hitRatio is >= 0 and <= 1
            && Enum.IsDefined(value.accessPolicyWindow.hitProp) && Enum.IsDefined(value.accessPolicyWindow.missProp)
            && value.accessPolicyWindow.missProp != CUaccessProperty.CU_ACCESS_PROPERTY_PERSISTING,
        CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY => Enum.IsDefined(value.syncPolicy),
        CU_LAUNCH_ATTRIBUTE_PRIORITY => true,
        // There is one domain.
        CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP => value.memSyncDomainMap is { default_: 0, remote: 0 },
        CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN => Enum.IsDefined(value.memSyncDomain),
        _ => false,
    };
}
