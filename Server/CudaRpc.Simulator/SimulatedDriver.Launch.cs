using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
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
        if (ReadAttributes(*config, out LaunchOptions options) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        foreach (CUevent marked in options.Events)
        {
            if (Find(marked.Value, out DriverEvent _) is not CUDA_SUCCESS and var noEvent)
            {
                return noEvent;
            }
        }
        CUresult launched = Launch(f, ShapeOf(*config, options), config->hStream, kernelParams, extra);
        // The end of the kernel is the last of the moments at which these events may be recorded.
        foreach (CUevent marked in options.Events)
        {
            launched = launched == CUDA_SUCCESS ? cuEventRecord(marked, config->hStream) : launched;
        }
        return launched;
    }

    /// <summary>One device is a cooperative launch. On several, kernels would wait for each other, which no device here can do.</summary>
    public override CUresult cuLaunchCooperativeKernelMultiDevice(CUDA_LAUNCH_PARAMS_v1* launchParamsList, uint numDevices, uint flags)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (launchParamsList == null || numDevices == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (numDevices > 1)
        {
            return CUDA_ERROR_NOT_SUPPORTED;
        }
        ref readonly CUDA_LAUNCH_PARAMS_v1 launch = ref *launchParamsList;
        if (!_handles.TryGet(launch.hStream.Value, out DriverStream? stream))
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        var shape = new LaunchShape(
            launch.gridDimX, launch.gridDimY, launch.gridDimZ, launch.blockDimX, launch.blockDimY, launch.blockDimZ, launch.sharedMemBytes,
            Cooperative: true);
        _stack.Value!.Push(stream.Context.Handle);
        try
        {
            return Launch(launch.function, shape, launch.hStream, launch.kernelParams, extra: null);
        }
        finally
        {
            _stack.Value.Pop();
        }
    }

    private static LaunchShape ShapeOf(in CUlaunchConfig config, in LaunchOptions options) => new(
        config.gridDimX, config.gridDimY, config.gridDimZ, config.blockDimX, config.blockDimY, config.blockDimZ,
        config.sharedMemBytes, options.Cooperative, options.Cluster);

    private CUresult Launch(CUfunction f, in LaunchShape asked, CUstream hStream, void** kernelParams, void** extra)
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
        uint multiprocessors = GreenOf(hStream, stream)?.Partition.Count ?? DeviceAttributes.Multiprocessors;
        if (CheckShape(function, asked, multiprocessors, out LaunchShape shape) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        byte[] parameters = new byte[function.Kernel.ParameterBytes];
        if (!TryPack(function.Kernel, kernelParams, extra, parameters))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        _gpu.Options.Launching?.Invoke(function.Kernel.Name);
        return Submitted(context.Submit(stream, new KernelWork(_gpu.Launcher, function, shape, parameters), out _));
    }

    private static CUresult CheckShape(DriverFunction function, in LaunchShape asked, uint multiprocessors, out LaunchShape shape)
    {
        shape = asked;
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
        if (CheckClusters(function, ref shape) is not CUDA_SUCCESS and var misshapen)
        {
            return misshapen;
        }
        if (shape.Cooperative)
        {
            int perMultiprocessor = Occupancy.BlocksPerMultiprocessor(
                function.Traits, (int)shape.ThreadsPerBlock, shape.DynamicSharedBytes);
            if (shape.Blocks > (ulong)perMultiprocessor * multiprocessors)
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
}
