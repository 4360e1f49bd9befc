using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;
using static CudaRpc.Driver.CUlaunchAttributeID;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const int MaxLaunchAttributes = 64;

    private static CUresult ReadAttributes(in CUlaunchConfig config, out LaunchOptions options)
    {
        options = new LaunchOptions(Cooperative: false, Cluster: default, Events: []);
        if (config.numAttrs > 0 && (config.attrs == null || config.numAttrs > MaxLaunchAttributes))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var preferred = new Dim3(0, 0, 0);
        for (uint i = 0; i < config.numAttrs; i++)
        {
            ref readonly CUlaunchAttributeValue value = ref config.attrs[i].value;
            switch (config.attrs[i].id)
            {
                case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
                    options = options with { Cooperative = value.cooperative != 0 };
                    break;
                case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION when value.clusterDim is { x: > 0, y: > 0, z: > 0 }:
                    options = options with { Cluster = new Dim3(value.clusterDim.x, value.clusterDim.y, value.clusterDim.z) };
                    break;
                case CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION:
                    preferred = new Dim3(value.preferredClusterDim.x, value.preferredClusterDim.y, value.preferredClusterDim.z);
                    break;
                case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT when value.programmaticEvent.flags == 0:
                    options = options with { Events = [.. options.Events, value.programmaticEvent.@event] };
                    break;
                case CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT when value.launchCompletionEvent.flags == 0:
                    options = options with { Events = [.. options.Events, value.launchCompletionEvent.@event] };
                    break;
                case CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE when value.deviceUpdatableKernelNode.deviceUpdatable != 0:
                    return CUDA_ERROR_NOT_SUPPORTED;
                // Hints, and permissions to overlap that need not be used.
                case CU_LAUNCH_ATTRIBUTE_IGNORE or CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE or CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW
                    or CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY or CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE
                    or CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION or CU_LAUNCH_ATTRIBUTE_PRIORITY
                    or CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP or CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN
                    or CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT or CU_LAUNCH_ATTRIBUTE_NVLINK_UTIL_CENTRIC_SCHEDULING:
                    break;
                default:
                    return CUDA_ERROR_INVALID_VALUE;
            }
        }
        // Clusters of the preferred size are made of whole ones; here all are of the size that is certain.
        Dim3 least = options.Cluster == default ? new Dim3(1, 1, 1) : options.Cluster;
        bool isMultiple = preferred.X % least.X == 0 && preferred.Y % least.Y == 0 && preferred.Z % least.Z == 0;
        return isMultiple ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CLUSTER_SIZE;
    }

    /// <summary>The clusters of a launch are those its attribute asks for, or those the kernel was compiled or set for.</summary>
    private static CUresult CheckClusters(DriverFunction function, ref LaunchShape shape)
    {
        Dim3 required = function.Settings.RequiredCluster;
        if (shape.Cluster == default)
        {
            shape = shape with { Cluster = required };
        }
        Dim3 extent = shape.ClusterExtent;
        bool isRight = (required == default || shape.Cluster == required)
            && (shape.Cluster != default || !function.Kernel.ClusterIsRequired)
            && (ulong)extent.X * extent.Y * extent.Z <= (ulong)function.Settings.LargestCluster
            && shape.GridX % extent.X == 0 && shape.GridY % extent.Y == 0 && shape.GridZ % extent.Z == 0;
        return isRight ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CLUSTER_SIZE;
    }
}
