using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>What a server's devices are, as the client tells it.</summary>
public sealed unsafe class DeviceQueryTests : IDisposable
{
    private readonly SimulatedServer _server = new(devices: 2);

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Devices_AreFoundByTheirBus()
    {
        byte* text = stackalloc byte[32];
        int bus, device;
        Cuda.Ok(Driver.cuDeviceGetPCIBusId(text, 32, 1));
        Cuda.Ok(Driver.cuDeviceGetAttribute(&bus, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_BUS_ID, 1));
        Assert.Equal($"0000:{bus:x2}:00.0", Marshal.PtrToStringUTF8((nint)text));

        Cuda.Ok(Driver.cuDeviceGetByPCIBusId(&device, text));

        Assert.Equal(1, device);
    }

    [Fact]
    public void Devices_AreDescribed()
    {
        CUuuid first, second;
        CUdevprop_v1 properties;
        nuint bytes;
        int major, minor, attribute;
        byte* luid = stackalloc byte[8];
        uint mask;
        Cuda.Ok(Driver.cuDeviceGetUuid_v2(&first, 0));
        Cuda.Ok(Driver.cuDeviceGetUuid_v2(&second, 1));
        Assert.NotEqual(new Guid(new ReadOnlySpan<byte>(&first, 16)), new Guid(new ReadOnlySpan<byte>(&second, 16)));
        Cuda.Ok(Driver.cuDeviceTotalMem_v2(&bytes, 1));
        Assert.Equal((nuint)1 << 28, bytes);
        Cuda.Ok(Driver.cuDeviceComputeCapability(&major, &minor, 0));
        Cuda.Ok(Driver.cuDeviceGetAttribute(&attribute, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0));
        Assert.Equal(attribute, major);
        Assert.Equal(0, minor);
        Cuda.Ok(Driver.cuDeviceGetProperties(&properties, 0));
        Assert.Equal((1024, 32), (properties.maxThreadsPerBlock, properties.SIMDWidth));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, Driver.cuDeviceGetLuid(luid, &mask, 0));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_DEVICE, Driver.cuDeviceTotalMem_v2(&bytes, 2));
    }
}
