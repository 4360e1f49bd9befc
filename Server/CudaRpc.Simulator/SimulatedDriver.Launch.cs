using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;
using static CudaRpc.Driver.CUlaunchAttributeID;

namespace CudaRpc.Simulator;

public sealed unsafe partial class SimulatedDriver
{
    private const int MaxLaunchAttributes = 64;

    /// <inheritdoc/>
    public override CUresult cuLaunchKernel(
        CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ, uint sharedMemBytes,
        CUstream hStream, void** kernelParams, void** extra)
    {
        var shape = new LaunchShape(gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes);
        return Launch(f, shape, hStream, kernelParams, extra);
    }

    /// <summary>All blocks are resident at once; a grid for which there is no room is refused.</summary>
    public override CUresult cuLaunchCooperativeKernel(
        CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ, uint sharedMemBytes,
        CUstream hStream, void** kernelParams)
    {
        var shape = new LaunchShape(
            gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes, Cooperative: true);
        return Launch(f, shape, hStream, kernelParams, extra: null);
    }

    /// <summary>Attributes that could change what a kernel does and are not known here are refused; hints are ignored.</summary>
    public override CUresult cuLaunchKernelEx(CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (config == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (ReadAttributes(*config, out bool cooperative) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        return Launch(f, ShapeOf(*config, cooperative), config->hStream, kernelParams, extra);
    }

    private static LaunchShape ShapeOf(in CUlaunchConfig config, bool cooperative) => new(
        config.gridDimX, config.gridDimY, config.gridDimZ, config.blockDimX, config.blockDimY, config.blockDimZ,
        config.sharedMemBytes, cooperative);

    private CUresult Launch(CUfunction f, in LaunchShape shape, CUstream hStream, void** kernelParams, void** extra)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterFunction(f, out DriverFunction function) is not CUDA_SUCCESS and var noFunction)
        {
            return noFunction;
        }
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var noStream)
        {
            return noStream;
        }
        if (function.Context != context || stream.Context != context)
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (CheckShape(function, shape) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        byte[] parameters = new byte[function.Kernel.ParameterBytes];
        if (!TryPack(function.Kernel, kernelParams, extra, parameters))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return Submitted(context.Submit(stream, new KernelWork(_gpu.Launcher, function, shape, parameters), out _));
    }

    private static CUresult CheckShape(DriverFunction function, in LaunchShape shape)
    {
        if (shape.GridX is 0 or > DeviceAttributes.MaxGridX || shape.GridY is 0 or > DeviceAttributes.MaxGridY
            || shape.GridZ is 0 or > DeviceAttributes.MaxGridZ || shape.BlockX is 0 or > DeviceAttributes.MaxBlockX
            || shape.BlockY is 0 or > DeviceAttributes.MaxBlockY || shape.BlockZ is 0 or > DeviceAttributes.MaxBlockZ
            || shape.ThreadsPerBlock > DeviceAttributes.MaxThreadsPerBlock
            || shape.DynamicSharedBytes > (uint)function.Settings.MaxDynamicShared)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (shape.ThreadsPerBlock > (ulong)function.Traits.MaxThreads)
        {
            return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
        }
        if (function.Kernel.RequiredBlock is { } required && required != new Dim3(shape.BlockX, shape.BlockY, shape.BlockZ))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (shape.Cooperative)
        {
            int perMultiprocessor = Occupancy.BlocksPerMultiprocessor(
                function.Traits, (int)shape.ThreadsPerBlock, shape.DynamicSharedBytes);
            if (shape.Blocks > (ulong)perMultiprocessor * DeviceAttributes.Multiprocessors)
            {
                return CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE;
            }
        }
        return CUDA_SUCCESS;
    }

    /// <summary>
    /// Gathers the parameters from an array of pointers or from a buffer that is packed already. False if they are not given whole.
    /// </summary>
    private static bool TryPack(PtxKernel kernel, void** kernelParams, void** extra, Span<byte> packed)
    {
        if (extra != null)
        {
            return kernelParams == null && TryReadExtra(extra, packed);
        }
        if (kernelParams == null)
        {
            return kernel.Parameters.Count == 0;
        }
        for (int i = 0; i < kernel.Parameters.Count; i++)
        {
            PtxParameter parameter = kernel.Parameters[i];
            if (kernelParams[i] == null)
            {
                return false;
            }
            // SAFETY: the program promises an array of as many pointers as the kernel has parameters, each to a whole value.
            new ReadOnlySpan<byte>(kernelParams[i], parameter.Size).CopyTo(packed[parameter.Offset..]);
        }
        return true;
    }

    private static bool TryReadExtra(void** extra, Span<byte> packed)
    {
        const nint End = 0, BufferPointer = 1, BufferSize = 2;
        byte* buffer = null;
        nuint size = 0;
        // The list has two kinds of entries, so a third without an end is garbage.
        for (int i = 0; i < 3; i++)
        {
            switch ((nint)extra[2 * i])
            {
                case End:
                    if (size < (nuint)packed.Length || (buffer == null && size != 0))
                    {
                        return false;
                    }
                    // SAFETY: the program promises a buffer of the size it gives.
                    new ReadOnlySpan<byte>(buffer, packed.Length).CopyTo(packed);
                    return true;
                case BufferPointer:
                    buffer = (byte*)extra[(2 * i) + 1];
                    break;
                case BufferSize when extra[(2 * i) + 1] != null:
                    size = *(nuint*)extra[(2 * i) + 1];
                    break;
                default:
                    return false;
            }
        }
        return false;
    }

    private static CUresult ReadAttributes(in CUlaunchConfig config, out bool cooperative)
    {
        cooperative = false;
        if (config.numAttrs > 0 && (config.attrs == null || config.numAttrs > MaxLaunchAttributes))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        for (uint i = 0; i < config.numAttrs; i++)
        {
            ref readonly CUlaunchAttributeValue value = ref config.attrs[i].value;
            switch (config.attrs[i].id)
            {
                case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
                    cooperative = value.cooperative != 0;
                    break;
                case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION when value.clusterDim is not { x: 1, y: 1, z: 1 }:
                case CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION when value.preferredClusterDim is not { x: 1, y: 1, z: 1 }:
                case CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE when value.deviceUpdatableKernelNode.deviceUpdatable != 0:
                case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT or CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT:
                    return CUDA_ERROR_NOT_SUPPORTED;
                // Hints, and permissions to overlap that need not be used.
                case CU_LAUNCH_ATTRIBUTE_IGNORE or CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION or CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION
                    or CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE or CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW
                    or CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY or CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE
                    or CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION or CU_LAUNCH_ATTRIBUTE_PRIORITY
                    or CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP or CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN
                    or CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT or CU_LAUNCH_ATTRIBUTE_NVLINK_UTIL_CENTRIC_SCHEDULING:
                    break;
                default:
                    return CUDA_ERROR_INVALID_VALUE;
            }
        }
        return CUDA_SUCCESS;
    }
}
