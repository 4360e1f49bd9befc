using CudaRpc.Simulator.Objects;
using static CudaRpc.Driver.CUdevice_P2PAttribute;

namespace CudaRpc.Simulator;

// Every device of a simulated GPU can reach every other one's memory, once a program has enabled it.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuDeviceCanAccessPeer(int* canAccessPeer, int dev, int peerDev)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterDevice(peerDev, out _) is not CUDA_SUCCESS and var peerError)
        {
            return peerError;
        }
        return Give(canAccessPeer, dev != peerDev ? 1 : 0);
    }

    /// <summary>All pairs of devices are alike: rank 0, access and atomics as within one device, no arrays.</summary>
    public override CUresult cuDeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attrib, int srcDevice, int dstDevice)
    {
        if (EnterDevice(srcDevice, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterDevice(dstDevice, out _) is not CUDA_SUCCESS and var peerError)
        {
            return peerError;
        }
        if (srcDevice == dstDevice || !Enum.IsDefined(attrib))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return Give(value, attrib is CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED or CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED ? 1 : 0);
    }

    /// <summary>Lets the current context reach the other one's memory. One way only.</summary>
    public override CUresult cuCtxEnablePeerAccess(CUcontext peerContext, uint Flags)
    {
        if (EnterPeer(peerContext, out DriverContext context, out DriverContext peer) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (Flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (context.Device == peer.Device)
        {
            return CUDA_ERROR_PEER_ACCESS_UNSUPPORTED;
        }
        return context.AddPeer(peer) ? CUDA_SUCCESS : CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED;
    }

    /// <summary>Kernels that run meanwhile may see it or not.</summary>
    public override CUresult cuCtxDisablePeerAccess(CUcontext peerContext)
    {
        if (EnterPeer(peerContext, out DriverContext context, out DriverContext peer) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return context.RemovePeer(peer) ? CUDA_SUCCESS : CUDA_ERROR_PEER_ACCESS_NOT_ENABLED;
    }

    private CUresult EnterPeer(CUcontext peerContext, out DriverContext context, out DriverContext peer)
    {
        peer = null!;
        if (Enter(out context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        bool isOther = IsContext(peerContext.Value) && FindContext(peerContext.Value, out peer) == CUDA_SUCCESS && peer != context;
        return isOther ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
    }
}
