using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>The launch attributes that streams have: none of them holds a handle, so their values travel as they are.</summary>
internal static class StreamAttributes
{
    /// <summary>Whether a stream has the attribute.</summary>
    public static bool Has(CUlaunchAttributeID attribute) => attribute
        is CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW or CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY
        or CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PRIORITY or CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP
        or CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN;
}
