using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuDeviceGetCount(int* count)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (count == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *count = _gpu.Devices.Count;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceGet(int* device, int ordinal)
    {
        if (EnterDevice(ordinal, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (device == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *device = ordinal;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceGetName(byte* name, int len, int dev) =>
        EnterDevice(dev, out SimulatedDevice device) is not CUDA_SUCCESS and var error ? error : WriteText(device.Name, name, len);

    /// <inheritdoc/>
    public override CUresult cuDeviceGetUuid_v2(CUuuid* uuid, int dev)
    {
        if (EnterDevice(dev, out SimulatedDevice device) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (uuid == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        device.Uuid.Span.CopyTo(new Span<byte>(uuid, sizeof(CUuuid)));
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceTotalMem_v2(nuint* bytes, int dev)
    {
        if (EnterDevice(dev, out SimulatedDevice device) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (bytes == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *bytes = (nuint)device.TotalBytes;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, int dev)
    {
        if (EnterDevice(dev, out SimulatedDevice device) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pi == null || DeviceAttributes.Get(attrib, device) is not int value)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *pi = value;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceComputeCapability(int* major, int* minor, int dev)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (major == null || minor == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        (*major, *minor) = Math.DivRem(DeviceAttributes.Architecture, 10);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceGetProperties(CUdevprop_v1* prop, int dev)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (prop == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        prop->maxThreadsPerBlock = DeviceAttributes.MaxThreadsPerBlock;
        prop->maxThreadsDim[0] = DeviceAttributes.MaxBlockX;
        prop->maxThreadsDim[1] = DeviceAttributes.MaxBlockY;
        prop->maxThreadsDim[2] = DeviceAttributes.MaxBlockZ;
        prop->maxGridSize[0] = DeviceAttributes.MaxGridX;
        prop->maxGridSize[1] = DeviceAttributes.MaxGridY;
        prop->maxGridSize[2] = DeviceAttributes.MaxGridZ;
        prop->sharedMemPerBlock = DeviceAttributes.SharedPerBlock;
        prop->totalConstantMemory = DeviceAttributes.ConstantMemory;
        prop->SIMDWidth = DeviceAttributes.WarpSize;
        prop->memPitch = DeviceAttributes.MaxPitch;
        prop->regsPerBlock = DeviceAttributes.RegistersPerMultiprocessor;
        prop->clockRate = DeviceAttributes.ClockKilohertz;
        prop->textureAlign = DeviceAttributes.TextureAlignment;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceGetPCIBusId(byte* pciBusId, int len, int dev) =>
        EnterDevice(dev, out SimulatedDevice device) is not CUDA_SUCCESS and var error ? error : WriteText(device.PciBusId, pciBusId, len);

    /// <inheritdoc/>
    public override CUresult cuDeviceGetByPCIBusId(int* dev, byte* pciBusId)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (dev == null || pciBusId == null || ParsePciBusId(Marshal.PtrToStringUTF8((nint)pciBusId)!) is not { } place)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        int ordinal = place.Bus - DeviceAttributes.FirstPciBus;
        if (place.Domain != 0 || place.Device != 0 || ordinal < 0 || ordinal >= _gpu.Devices.Count)
        {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        *dev = ordinal;
        return CUDA_SUCCESS;
    }

    /// <summary>LUIDs exist on Windows only; on Linux the real driver refuses as well.</summary>
    public override CUresult cuDeviceGetLuid(byte* luid, uint* deviceNodeMask, int dev) =>
        EnterDevice(dev, out _) is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_NOT_SUPPORTED;

    /// <inheritdoc/>
    public override CUresult cuDeviceGetExecAffinitySupport(int* pi, CUexecAffinityType type, int dev)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pi == null || type != CUexecAffinityType.CU_EXEC_AFFINITY_TYPE_SM_COUNT)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *pi = 0;
        return CUDA_SUCCESS;
    }

    /// <summary>Writes as much as fits and always a NUL.</summary>
    private static CUresult WriteText(string text, byte* destination, int length)
    {
        if (destination == null || length <= 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        int count = Math.Min(utf8.Length, length - 1);
        utf8.AsSpan(0, count).CopyTo(new Span<byte>(destination, count));
        destination[count] = 0;
        return CUDA_SUCCESS;
    }

    // [domain]:[bus]:[device].[function], of which the domain and the function may be missing; numbers are hexadecimal.
    private static (int Domain, int Bus, int Device)? ParsePciBusId(string text)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        string[] parts = (dot < 0 ? text : text[..dot]).Split(':');
        int[] numbers = [.. parts.Select(static part => int.TryParse(part, NumberStyles.AllowHexSpecifier, null, out int n) ? n : -1)];
        if (numbers.Contains(-1))
        {
            return null;
        }
        return numbers switch
        {
            [int domain, int bus, int device] => (domain, bus, device),
            [int bus, int device] => (0, bus, device),
            _ => null,
        };
    }
}
