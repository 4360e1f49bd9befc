using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class DeviceTests
{
    [Fact]
    public void Devices_OfTwoDeviceGpu_AreCountedAndFound()
    {
        using var bench = new Bench(devices: 2, withContext: false);
        int count, device;

        Bench.Must(bench.Driver.cuDeviceGetCount(&count));
        Bench.Must(bench.Driver.cuDeviceGet(&device, 1));

        Assert.Equal(2, count);
        Assert.Equal(1, device);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Device_OutOfRange_IsInvalid(int ordinal)
    {
        using var bench = new Bench(withContext: false);
        int value;
        nuint bytes;
        CUcontext context;

        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuDeviceGet(&value, ordinal));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuDeviceTotalMem_v2(&bytes, ordinal));
        Assert.Equal(
            CUDA_ERROR_INVALID_DEVICE,
            bench.Driver.cuDeviceGetAttribute(&value, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE, ordinal));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuDevicePrimaryCtxRetain(&context, ordinal));
    }

    [Fact]
    public void Name_IntoShortBuffer_IsCutAndTerminated()
    {
        using var bench = new Bench(withContext: false);
        byte* name = stackalloc byte[8];

        Bench.Must(bench.Driver.cuDeviceGetName(name, 8, 0));

        Assert.Equal("CudaRpc", Marshal.PtrToStringUTF8((nint)name));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceGetName(name, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceGetName(null, 8, 0));
    }

    [Fact]
    public void Uuid_DiffersByDeviceAndStays()
    {
        using var bench = new Bench(devices: 2, withContext: false);
        using var other = new Bench(devices: 2, withContext: false);

        Assert.NotEqual(Uuid(bench, 0), Uuid(bench, 1));
        Assert.Equal(Uuid(bench, 1), Uuid(other, 1));

        static Guid Uuid(Bench bench, int device)
        {
            CUuuid uuid;
            Bench.Must(bench.Driver.cuDeviceGetUuid_v2(&uuid, device));
            return new Guid(new ReadOnlySpan<byte>(&uuid, 16));
        }
    }

    [Fact]
    public void Attributes_ThatTheHeaderDefines_AllAnswer()
    {
        using var bench = new Bench(withContext: false);
        for (uint attribute = 1; attribute < (uint)CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX; attribute++)
        {
            int value;
            Assert.Equal(CUDA_SUCCESS, bench.Driver.cuDeviceGetAttribute(&value, (CUdevice_attribute)attribute, 0));
        }
    }

    [Theory]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 9)]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0)]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024)]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_DEPTH, 16384)]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING, 1)]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY, 1)]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_NUMA_ID, -1)]
    public void Attribute_HasItsValue(CUdevice_attribute attribute, int expected)
    {
        using var bench = new Bench(withContext: false);
        int value;

        Bench.Must(bench.Driver.cuDeviceGetAttribute(&value, attribute, 0));

        Assert.Equal(expected, value);
    }

    [Fact]
    public void Attribute_Unknown_IsInvalid()
    {
        using var bench = new Bench(withContext: false);
        int value;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceGetAttribute(&value, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceGetAttribute(&value, 0, 0));
        Assert.Equal(
            CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceGetAttribute(null, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE, 0));
    }

    [Fact]
    public void PciBusId_FindsItsDevice()
    {
        using var bench = new Bench(devices: 2, withContext: false);
        byte* text = stackalloc byte[32];
        int bus, device;
        Bench.Must(bench.Driver.cuDeviceGetPCIBusId(text, 32, 1));
        Bench.Must(bench.Driver.cuDeviceGetAttribute(&bus, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_BUS_ID, 1));

        Bench.Must(bench.Driver.cuDeviceGetByPCIBusId(&device, text));

        Assert.Equal(1, device);
        Assert.Equal($"0000:{bus:x2}:00.0", Marshal.PtrToStringUTF8((nint)text));
    }

    [Theory]
    [InlineData("02:00.0", CUDA_SUCCESS)]
    [InlineData("0000:02:00", CUDA_SUCCESS)]
    [InlineData("0000:7f:00.0", CUDA_ERROR_INVALID_DEVICE)]
    [InlineData("0001:02:00.0", CUDA_ERROR_INVALID_DEVICE)]
    [InlineData("", CUDA_ERROR_INVALID_VALUE)]
    [InlineData("gpu", CUDA_ERROR_INVALID_VALUE)]
    [InlineData("1:2:3:4", CUDA_ERROR_INVALID_VALUE)]
    public void PciBusId_InEveryForm_HasItsResult(string id, CUresult expected)
    {
        using var bench = new Bench(devices: 2, withContext: false);
        int device;

        Assert.Equal(expected, bench.Driver.cuDeviceGetByPCIBusId(&device, Bench.Text(id)));
    }

    [Fact]
    public void Luid_IsNotSupportedAsOnAnyLinux()
    {
        using var bench = new Bench(withContext: false);
        byte* luid = stackalloc byte[8];
        uint mask;

        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuDeviceGetLuid(luid, &mask, 0));
    }

    [Fact]
    public void OldStyleQueries_AgreeWithTheAttributes()
    {
        using var bench = new Bench(withContext: false);
        int major, minor;
        CUdevprop_v1 properties;

        Bench.Must(bench.Driver.cuDeviceComputeCapability(&major, &minor, 0));
        Bench.Must(bench.Driver.cuDeviceGetProperties(&properties, 0));

        Assert.Equal((9, 0), (major, minor));
        Assert.Equal(1024, properties.maxThreadsPerBlock);
        Assert.Equal(64, properties.maxThreadsDim[2]);
        Assert.Equal(32, properties.SIMDWidth);
    }
}
