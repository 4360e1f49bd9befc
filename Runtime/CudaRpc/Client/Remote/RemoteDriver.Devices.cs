using System.Runtime.InteropServices;
using System.Text;
using CudaRpc.Driver;

namespace CudaRpc.Client;

// Answered from the snapshot that came with the handshake, and from constants. None of it can change while the server runs.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuInit(uint Flags) =>
        Local(Flags != 0 ? CUresult.CUDA_ERROR_INVALID_VALUE : _session.Devices.InitStatus);

    /// <inheritdoc/>
    public override CUresult cuDriverGetVersion(int* driverVersion) =>
        // A newer version than the header's would make a program look for functions that are not here.
        Local(driverVersion, Math.Min(_session.Devices.DriverVersion, Session.CudaVersion));

    /// <inheritdoc/>
    public override CUresult cuGetErrorName(CUresult error, byte** pStr) => Constant(pStr, CudaErrors.NamePointer(error));

    /// <inheritdoc/>
    public override CUresult cuGetErrorString(CUresult error, byte** pStr) => Constant(pStr, CudaErrors.DescriptionPointer(error));

    /// <inheritdoc/>
    public override CUresult cuDeviceGetCount(int* count) => Local(count, _session.Devices.Devices.Count);

    /// <inheritdoc/>
    public override CUresult cuDeviceGet(int* device, int ordinal) =>
        Facts(ordinal) is null ? Local(CUresult.CUDA_ERROR_INVALID_DEVICE) : Local(device, ordinal);

    /// <inheritdoc/>
    public override CUresult cuDeviceGetName(byte* name, int len, int dev) => Text(name, len, Facts(dev)?.Name);

    /// <inheritdoc/>
    public override CUresult cuDeviceGetUuid_v2(CUuuid* uuid, int dev) => Copy((byte*)uuid, Facts(dev)?.Uuid);

    /// <inheritdoc/>
    public override CUresult cuDeviceGetLuid(byte* luid, uint* deviceNodeMask, int dev)
    {
        DeviceFacts? facts = Facts(dev);
        if (facts is { Luid.Length: 0 })
        {
            return Local(CUresult.CUDA_ERROR_NOT_SUPPORTED);
        }

        CUresult result = Copy(luid, facts?.Luid);
        return result == CUresult.CUDA_SUCCESS && deviceNodeMask != null ? Local(deviceNodeMask, facts!.NodeMask) : result;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceTotalMem_v2(nuint* bytes, int dev) =>
        Facts(dev) is DeviceFacts facts ? Local(bytes, (nuint)facts.TotalBytes) : Local(CUresult.CUDA_ERROR_INVALID_DEVICE);

    /// <inheritdoc/>
    public override CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, int dev)
    {
        if (Facts(dev) is not DeviceFacts facts)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        return (uint)attrib < (uint)facts.Attributes.Length && facts.Attributes[(int)attrib] is int value
            ? Local(pi, RemotedAttributes.Seen(attrib, value))
            : Local(CUresult.CUDA_ERROR_INVALID_VALUE);
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceComputeCapability(int* major, int* minor, int dev)
    {
        CUresult result = cuDeviceGetAttribute(major, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, dev);
        return result == CUresult.CUDA_SUCCESS
            ? cuDeviceGetAttribute(minor, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, dev)
            : result;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceGetPCIBusId(byte* pciBusId, int len, int dev) => Text(pciBusId, len, Facts(dev)?.PciBusId);

    /// <inheritdoc/>
    public override CUresult cuDeviceGetByPCIBusId(int* dev, byte* pciBusId)
    {
        if (dev == null || pciBusId == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        string wanted = Marshal.PtrToStringUTF8((nint)pciBusId)!;
        for (int ordinal = 0; ordinal < _session.Devices.Devices.Count; ordinal++)
        {
            // "domain:bus:device.function", where a program may leave out the domain and the function.
            string actual = _session.Devices.Devices[ordinal].PciBusId;
            if (actual.Equals(wanted, StringComparison.OrdinalIgnoreCase)
                || (wanted.Length > 0 && $":{actual}".Contains($":{wanted}", StringComparison.OrdinalIgnoreCase)))
            {
                return Local(dev, ordinal);
            }
        }

        return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceGetProperties(CUdevprop_v1* prop, int dev)
    {
        if (Facts(dev) is not DeviceFacts facts)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        if (prop == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        int Value(CUdevice_attribute attribute) => facts.Attributes[(int)attribute] ?? 0;
        prop->maxThreadsPerBlock = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
        prop->maxThreadsDim[0] = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X);
        prop->maxThreadsDim[1] = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y);
        prop->maxThreadsDim[2] = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z);
        prop->maxGridSize[0] = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X);
        prop->maxGridSize[1] = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y);
        prop->maxGridSize[2] = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z);
        prop->sharedMemPerBlock = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
        prop->totalConstantMemory = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY);
        prop->SIMDWidth = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE);
        prop->memPitch = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_PITCH);
        prop->regsPerBlock = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK);
        prop->clockRate = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
        prop->textureAlign = Value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);
        return Local(CUresult.CUDA_SUCCESS);
    }

    private DeviceFacts? Facts(int device) =>
        (uint)device < (uint)_session.Devices.Devices.Count ? _session.Devices.Devices[device] : null;

    // Constants outlive the session: a program may still want to say what went wrong.
    private CUresult Constant(byte** destination, byte* text)
    {
        if (!_session.IsDisposed)
        {
            _session.CountLocal();
        }

        if (destination == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        *destination = text;
        return text == null ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;
    }

    // As CUDA does, cuts what does not fit and always ends with NUL.
    private CUresult Text(byte* destination, int length, string? text)
    {
        if (text is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        if (destination == null || length <= 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        // SAFETY: the program vouches for length bytes at destination.
        var room = new Span<byte>(destination, length);
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        bytes = bytes[..Math.Min(bytes.Length, length - 1)];
        bytes.CopyTo(room);
        room[bytes.Length] = 0;
        return Local(CUresult.CUDA_SUCCESS);
    }

    private CUresult Copy(byte* destination, byte[]? bytes)
    {
        if (bytes is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        if (destination == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        bytes.CopyTo(new Span<byte>(destination, bytes.Length));
        return Local(CUresult.CUDA_SUCCESS);
    }
}
