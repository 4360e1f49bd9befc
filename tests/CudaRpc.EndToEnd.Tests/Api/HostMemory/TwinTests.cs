using CudaRpc.Driver;
using static CudaRpc.Driver.CUpointer_attribute;

namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>Host memory that kernels of a server in another process read and write at the address that it has in the program.</summary>
public sealed unsafe class TwinTests(ServerProcess server) : IClassFixture<ServerProcess>
{
    private const int Bytes = 100_000;

    public enum Wait
    {
        StreamSynchronize,
        StreamQuery,
        EventSynchronize,
        EventQuery,
        ContextSynchronize,
        CopyToHost,
        FreeDeviceMemory,
        OtherThread,
    }

    public static TheoryData<HostKind> Kinds => [.. Enum.GetValues<HostKind>()];

    public static TheoryData<Wait> Waits => [.. Enum.GetValues<Wait>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Memory_ChangedByProgramAndKernelsInTurn_IsTheSameForBoth(HostKind kind)
    {
        using var stage = new Stage(server);
        byte* memory = stage.Allocate(kind, Bytes);
        for (byte round = 0; round < 10; round++)
        {
            new Span<byte>(memory, Bytes).Fill(round);
            Cuda.Ok(stage.Add(memory, Bytes / 2, 2, 100));
            stage.Synchronize();

            Assert.Equal(round + 100, memory[0]);
            Assert.Equal(round, memory[1]);
            Assert.Equal(round + 100, memory[Bytes - 2]);
            Assert.Equal(round, memory[Bytes - 1]);
        }

        stage.Free(kind, memory);
    }

    [Theory]
    [MemberData(nameof(Waits))]
    public void Memory_WrittenByAKernel_IsSeenAfterEveryKindOfWait(Wait wait)
    {
        using var stage = new Stage(server);
        CudaDriver driver = stage.Driver;
        byte* memory = stage.Allocate(HostKind.Mapped, 16);
        CUdeviceptr device = driver.Allocate(4);
        CUevent mark = driver.CreateEvent();
        CUstream stream = driver.CreateStream();
        for (int round = 1; round <= 5; round++)
        {
            Cuda.Ok(stage.Add(memory, 1, 1, 1, stream));
            Cuda.Ok(driver.cuEventRecord(mark, stream));
            switch (wait)
            {
                case Wait.StreamSynchronize:
                    Cuda.Ok(driver.cuStreamSynchronize(stream));
                    break;
                case Wait.StreamQuery:
                    Becomes(() => driver.cuStreamQuery(stream));
                    break;
                case Wait.EventSynchronize:
                    Cuda.Ok(driver.cuEventSynchronize(mark));
                    break;
                case Wait.EventQuery:
                    Becomes(() => driver.cuEventQuery(mark));
                    break;
                case Wait.ContextSynchronize:
                    stage.Synchronize();
                    break;
                case Wait.CopyToHost:
                    driver.Read(device, 4);
                    break;
                case Wait.FreeDeviceMemory:
                    Cuda.Ok(driver.cuMemFree_v2(device));
                    device = driver.Allocate(4);
                    break;
                case Wait.OtherThread:
                    Worker.Run(() => Cuda.Ok(driver.cuEventSynchronize(mark)));
                    break;
            }

            Assert.Equal(round, memory[0]);
        }
    }

    [Fact]
    public void Kernel_BehindAHostFunction_SeesWhatItWroteAndIsSeenByTheNext()
    {
        using var stage = new Stage(server);
        byte* memory = stage.Allocate(HostKind.Mapped, 16);
        int seen = 0;
        using var first = new HostChannel.HostFunction(() => memory[0] = 10);
        using var second = new HostChannel.HostFunction(() => seen = memory[0]);

        Cuda.Ok(stage.Driver.cuLaunchHostFunc(default, HostChannel.HostFunction.Function, first.Data));
        Cuda.Ok(stage.Add(memory, 1, 1, 5));
        Cuda.Ok(stage.Driver.cuLaunchHostFunc(default, HostChannel.HostFunction.Function, second.Data));
        stage.Synchronize();

        Assert.Equal(15, seen);
        Assert.Equal(15, memory[0]);
    }

    [Fact]
    public void Copies_OfReachableMemory_AreInOrderWithKernels()
    {
        using var stage = new Stage(server);
        CudaDriver driver = stage.Driver;
        byte* memory = stage.Allocate(HostKind.Mapped, 16);
        CUdeviceptr device = driver.Allocate(16);

        // Kernel, copy from the memory, kernel, with no wait between them.
        memory[0] = 1;
        Cuda.Ok(stage.Add(memory, 1, 1, 1));
        Cuda.Ok(driver.cuMemcpyHtoDAsync_v2(device, memory, 16, default));
        Cuda.Ok(stage.Add(memory, 1, 1, 1));
        Assert.Equal(2, driver.Read(device, 16)[0]);
        Assert.Equal(3, memory[0]);

        // Copy to the memory, kernel.
        driver.Write(device, new byte[16]);
        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(memory, device, 16, default));
        Cuda.Ok(stage.Add(memory, 1, 1, 7));
        stage.Synchronize();
        Assert.Equal(7, memory[0]);

        // The forms that wait have done it when they return.
        Cuda.Ok(stage.Add(memory, 1, 1, 1));
        Cuda.Ok(driver.cuMemcpyHtoD_v2(device, memory, 16));
        memory[0] = 99;
        Assert.Equal(8, driver.Read(device, 1)[0]);
        Cuda.Ok(driver.cuMemcpyDtoH_v2(memory, device, 16));
        Assert.Equal(8, memory[0]);
        Cuda.Ok(driver.cuMemsetD8_v2(new CUdeviceptr((ulong)memory), 42, 16));
        Assert.Equal(42, memory[15]);
        byte[] own = [11, 12];
        fixed (byte* source = own)
        {
            Cuda.Ok(driver.cuMemcpy(new CUdeviceptr((ulong)memory), new CUdeviceptr((ulong)source), 2));
        }

        Assert.Equal([11, 12, 42], new ReadOnlySpan<byte>(memory, 3).ToArray());
        Cuda.Ok(driver.cuMemsetD8_v2(new CUdeviceptr((ulong)memory), 42, 2));
        memory[3] = 1;
        Cuda.Ok(driver.cuMemcpy(device, new CUdeviceptr((ulong)memory), 16));
        Assert.Equal([42, 42, 42, 1], driver.Read(device, 4));
    }

    [Fact]
    public void Copy_UnderWayToMemory_IsThereForAKernelThatIsGivenItLater()
    {
        using var stage = new Stage(server);
        CUdeviceptr device = stage.Driver.Allocate(Bytes);
        Cuda.Ok(stage.Driver.cuMemsetD8_v2(device, 20, Bytes));
        byte* memory = stage.Allocate(HostKind.Allocated, Bytes);

        Cuda.Ok(stage.Driver.cuMemcpyDtoHAsync_v2(memory, device, Bytes, default));
        Cuda.Ok(stage.Add(memory, Bytes, 1, 1));
        stage.Synchronize();

        Assert.Equal(-1, new Span<byte>(memory, Bytes).IndexOfAnyExcept((byte)21));
    }

    [Fact]
    public void Launches_OfManyThreadsThatAreGivenTheSameMemory_AllReachIt()
    {
        using var stage = new Stage(server);
        CUcontext context = stage.Context;
        for (int round = 0; round < 10; round++)
        {
            nint memory = (nint)stage.Allocate(HostKind.Allocated, 64);
            using var together = new Barrier(4);
            Worker[] workers = [.. Enumerable.Range(0, 4).Select(thread => new Worker(() =>
            {
                Cuda.Ok(stage.Driver.cuCtxSetCurrent(context));
                together.SignalAndWait(Condition.Deadline);
                Cuda.Ok(stage.Add((byte*)memory + thread, 1, 1, 5));
                Cuda.Ok(stage.Driver.cuCtxSynchronize());
            }))];
            Array.ForEach(workers, static worker => worker.Ends());
            Assert.Equal([5, 5, 5, 5], new ReadOnlySpan<byte>((void*)memory, 4).ToArray());
        }
    }

    [Fact]
    public void ManagedVariable_IsRefused()
    {
        using var stage = new Stage(server);
        CUdeviceptr address;
        nuint bytes;
        fixed (byte* name = Cuda.Text("shared"))
        {
            Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, stage.Driver.cuModuleGetGlobal_v2(&address, &bytes, stage.Module, name));
            Cuda.Ok(stage.Driver.cuModuleGetGlobal_v2(null, &bytes, stage.Module, name));
        }

        Assert.Equal((nuint)4, bytes);
    }

    [Fact]
    public void ManagedMemory_ThatPointsToManagedMemory_IsFollowed()
    {
        using var stage = new Stage(server);
        const int Nodes = 20;
        byte** nodes = stackalloc byte*[Nodes];
        for (int index = 0; index < Nodes; index++)
        {
            nodes[index] = stage.Allocate(HostKind.Managed, 16);
            *(ulong*)nodes[index] = index == 0 ? 0 : (ulong)nodes[index - 1];
            *(int*)(nodes[index] + 8) = index;
        }

        ulong head = (ulong)nodes[Nodes - 1];
        void* parameter = &head;
        Cuda.Ok(stage.Driver.cuLaunchKernel(stage.Driver.Function(stage.Module, "chain"), 1, 1, 1, 1, 1, 1, 0, default, &parameter, null));
        stage.Synchronize();

        for (int index = 0; index < Nodes; index++)
        {
            Assert.Equal(index + 1, *(int*)(nodes[index] + 8));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Memory_GivenBack_IsReachedNoMore(HostKind kind)
    {
        using var stage = new Stage(server);
        byte* memory = stage.Allocate(kind, 64);
        Cuda.Ok(stage.Add(memory, 1, 1, 1));
        stage.Free(kind, memory);
        if (kind is HostKind.Registered or HostKind.RegisteredMapped)
        {
            Assert.Equal(1, memory[0]);
        }

        Cuda.Ok(stage.Add(memory, 1, 1, 1));

        Assert.Equal(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, stage.Driver.cuCtxSynchronize());
    }

    [Theory]
    [InlineData(HostKind.Mapped)]
    [InlineData(HostKind.Managed)]
    public void Memory_OfAnAddressThatWasUsedBefore_BeginsAnew(HostKind kind)
    {
        using var stage = new Stage(server);
        byte* memory = stage.Allocate(kind, 64);
        Cuda.Ok(stage.Add(memory, 64, 1, 9));
        stage.Free(kind, memory);

        byte* again = stage.Allocate(kind, 64);
        Cuda.Ok(stage.Add(again, 64, 1, 1));
        stage.Synchronize();

        Assert.True(memory == again);
        Assert.Equal(-1, new Span<byte>(again, 64).IndexOfAnyExcept((byte)1));
    }

    [Fact]
    public void Memory_OfAContextThatHasEnded_IsReachedFromTheNextOne()
    {
        using var stage = new Stage(server);
        byte* memory = stage.Allocate(HostKind.Mapped, 16);
        Cuda.Ok(stage.Add(memory, 1, 1, 1));
        Cuda.Ok(stage.Driver.cuCtxDestroy_v2(stage.Context));
        Assert.Equal(1, memory[0]);

        stage.Driver.CreateContext();
        stage.LoadKernels();
        Cuda.Ok(stage.Add(memory, 1, 1, 1));
        stage.Synchronize();

        Assert.Equal(2, memory[0]);
    }

    [Fact]
    public void DevicePointer_IsTheHostPointer()
    {
        using var stage = new Stage(server);
        CudaDriver driver = stage.Driver;
        foreach (HostKind kind in (HostKind[])[HostKind.Allocated, HostKind.Mapped, HostKind.Registered])
        {
            byte* memory = stage.Allocate(kind, 100);
            CUdeviceptr address;
            Cuda.Ok(driver.cuMemHostGetDevicePointer_v2(&address, memory + 8, 0));
            Assert.Equal((ulong)memory + 8, address.Value);
            Assert.Equal((ulong)memory + 8, Get<ulong>(driver, CU_POINTER_ATTRIBUTE_DEVICE_POINTER, memory + 8));
            Assert.Equal((ulong)memory + 8, Get<ulong>(driver, CU_POINTER_ATTRIBUTE_HOST_POINTER, memory + 8));
            Assert.Equal((ulong)memory, Get<ulong>(driver, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, memory + 8));
            Assert.Equal(CUmemorytype.CU_MEMORYTYPE_HOST, Get<CUmemorytype>(driver, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, memory));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemHostGetDevicePointer_v2(&address, memory, 1));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemHostGetDevicePointer_v2(&address, memory + 100, 0));
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemHostGetDevicePointer_v2(null, memory, 0));
        }

        byte* managed = stage.Allocate(HostKind.Managed, 100);
        Assert.Equal(1u, Get<uint>(driver, CU_POINTER_ATTRIBUTE_IS_MANAGED, managed));
        Assert.Equal(CUmemorytype.CU_MEMORYTYPE_DEVICE, Get<CUmemorytype>(driver, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, managed));
        Assert.Equal((ulong)managed, Get<ulong>(driver, CU_POINTER_ATTRIBUTE_HOST_POINTER, managed));
    }

    [Fact]
    public void Device_SaysWhatItCanDo()
    {
        using var stage = new Stage(server);
        Assert.Equal(1, Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY));
        Assert.Equal(1, Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM));
        Assert.Equal(1, Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY));
        Assert.Equal(0, Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS));
        Assert.Equal(0, Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS));
        Assert.Equal(0, Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_NATIVE_ATOMIC_SUPPORTED));

        int Attribute(CUdevice_attribute attribute)
        {
            int value;
            Cuda.Ok(stage.Driver.cuDeviceGetAttribute(&value, attribute, 0));
            return value;
        }
    }

    private static T Get<T>(CudaDriver driver, CUpointer_attribute attribute, byte* address)
        where T : unmanaged
    {
        T value;
        Cuda.Ok(driver.cuPointerGetAttribute(&value, attribute, new CUdeviceptr((ulong)address)));
        return value;
    }

    private static void Becomes(Func<CUresult> query)
    {
        CUresult result;
        do
        {
            result = query();
        }
        while (result == CUresult.CUDA_ERROR_NOT_READY);
        Cuda.Ok(result);
    }
}
