using static CudaRpc.Driver.CUpointer_attribute;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Kernels and copies reach host memory that the driver knows, at its own address.</summary>
public sealed unsafe class MappedMemoryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void AllocatedMemory_IsWrittenByKernels(uint flags)
    {
        using var bench = new Bench();
        void* memory;
        Bench.Must(bench.Driver.cuMemHostAlloc(&memory, 100, flags));

        Store(bench, (ulong)memory + 96, 77);

        Assert.Equal(77, *(int*)((byte*)memory + 96));
    }

    [Fact]
    public void RegisteredMemory_IsReadAndWrittenByKernels_UntilItIsUnregistered()
    {
        using var bench = new Bench();
        int* memory = (int*)Bench.Pin(new byte[64]);
        Bench.Must(bench.Driver.cuMemHostRegister_v2(memory, 64, 0));
        CUdeviceptr address;
        Bench.Must(bench.Driver.cuMemHostGetDevicePointer_v2(&address, memory, 0));

        Store(bench, address.Value, 5);
        Assert.Equal(5, memory[0]);
        Bench.Must(bench.Driver.cuMemHostUnregister(memory));

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuLaunchKernel(Parameters(bench, address.Value, 6, out void** parameters), 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());
        Assert.Equal(5, memory[0]);
    }

    [Fact]
    public void Kernel_ThatRunsPastTheEnd_Fails()
    {
        using var bench = new Bench();
        byte* memory = bench.AllocateHost(100);

        CUfunction store = Parameters(bench, (ulong)memory + 100, 1, out void** parameters);
        Bench.Must(bench.Driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, default, parameters, null));

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Memory_IsReachedFromOtherContextsOfTheDriverAndFromNoOtherDriver()
    {
        using var bench = new Bench(devices: 2);
        byte* memory = bench.AllocateHost(16);
        bench.NewContext(1);
        Store(bench, (ulong)memory, 9);
        Assert.Equal(9, *(int*)memory);

        using var other = new SimulatedDriver(bench.Gpu);
        CUcontext context;
        CUmodule module;
        CUfunction store;
        Bench.Must(other.cuInit(0));
        Bench.Must(other.cuCtxCreate_v2(&context, 0, 0));
        Bench.Must(other.cuModuleLoadData(&module, Bench.Text(TestPtx.Module)));
        Bench.Must(other.cuModuleGetFunction(&store, module, Bench.Text("store")));
        ulong address = (ulong)memory;
        int value = 10;
        void** parameters = stackalloc void*[] { &address, &value };
        Bench.Must(other.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, default, parameters, null));

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, other.cuCtxSynchronize());
        Assert.Equal(9, *(int*)memory);
    }

    [Fact]
    public void FreeHost_WaitsForKernelsThatUseTheMemory()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        byte* memory = bench.AllocateHost(16);
        CUfunction store = Parameters(bench, (ulong)memory, 1, out void** parameters);
        Gate gate = bench.Block(stream);
        Bench.Must(bench.Driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, stream, parameters, null));
        CUcontext context = bench.Context;
        CUresult freed = CUDA_ERROR_UNKNOWN;
        var free = new Thread(() =>
        {
            Bench.Must(bench.Driver.cuCtxSetCurrent(context));
            freed = bench.Driver.cuMemFreeHost(memory);
        });
        free.Start();
        gate.Open();
        free.Join();

        Assert.Equal(CUDA_SUCCESS, freed);
    }

    [Fact]
    public void DevicePointer_BadArguments_AreInvalid()
    {
        using var bench = new Bench();
        CUdeviceptr address;
        byte* memory = bench.AllocateHost(16);

        Bench.Must(bench.Driver.cuMemHostGetDevicePointer_v2(&address, memory + 3, 0));
        Assert.Equal((ulong)memory + 3, address.Value);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemHostGetDevicePointer_v2(&address, memory, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemHostGetDevicePointer_v2(null, memory, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemHostGetDevicePointer_v2(&address, memory + 16, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemHostGetDevicePointer_v2(&address, &address, 0));
    }

    [Fact]
    public void SetsAndCopies_ReachHostMemoryByItsDevicePointer()
    {
        using var bench = new Bench();
        byte* memory = bench.AllocateHost(16);
        CUdeviceptr device = bench.Allocate(16);

        Bench.Must(bench.Driver.cuMemsetD8_v2(new CUdeviceptr((ulong)memory), 3, 16));
        Bench.Must(bench.Driver.cuMemcpyDtoD_v2(device, new CUdeviceptr((ulong)memory), 16));

        Assert.Equal(0x03030303u, bench.Read<uint>(device));
        Assert.Equal(3, memory[15]);
    }

    [Fact]
    public void Pointer_IsBothTheHostsAndTheDevices()
    {
        using var bench = new Bench();
        byte* memory = bench.AllocateHost(16);
        ulong host, device;
        Bench.Must(bench.Driver.cuPointerGetAttribute(&host, CU_POINTER_ATTRIBUTE_HOST_POINTER, new CUdeviceptr((ulong)memory + 4)));
        Bench.Must(bench.Driver.cuPointerGetAttribute(&device, CU_POINTER_ATTRIBUTE_DEVICE_POINTER, new CUdeviceptr((ulong)memory + 4)));

        Assert.Equal((ulong)memory + 4, host);
        Assert.Equal(host, device);
    }

    [Theory]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY)]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM)]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY)]
    [InlineData(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS)]
    public void Device_SaysThatItReachesHostMemory(CUdevice_attribute attribute)
    {
        using var bench = new Bench();
        int value;
        Bench.Must(bench.Driver.cuDeviceGetAttribute(&value, attribute, 0));
        Assert.Equal(1, value);
    }

    private static void Store(Bench bench, ulong address, int value)
    {
        CUfunction store = Parameters(bench, address, value, out void** parameters);
        Bench.Must(bench.Driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
        Bench.Must(bench.Driver.cuCtxSynchronize());
    }

    private static CUfunction Parameters(Bench bench, ulong address, int value, out void** parameters)
    {
        byte* values = Bench.Pin(new byte[32]);
        *(ulong*)values = address;
        *(int*)(values + 8) = value;
        parameters = (void**)(values + 16);
        parameters[0] = values;
        parameters[1] = values + 8;
        return bench.GetFunction("store");
    }
}
