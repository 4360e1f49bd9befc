using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>Memory of the program that a driver cannot page-lock, and memory that goes while it is registered.</summary>
public sealed unsafe partial class RegisterTests(ServerProcess server) : IClassFixture<ServerProcess>
{
    private const int Bytes = 1 << 20;
    private const int None = 0, Read = 1, ReadWrite = 3;
    private const uint Mapped = 2, ReadOnly = 8;

    [Theory]
    [InlineData(None, 0, CUresult.CUDA_ERROR_INVALID_VALUE)]
    [InlineData(None, Mapped | ReadOnly, CUresult.CUDA_ERROR_INVALID_VALUE)]
    [InlineData(Read, Mapped, CUresult.CUDA_ERROR_INVALID_VALUE)]
    [InlineData(Read, Mapped | ReadOnly, CUresult.CUDA_SUCCESS)]
    [InlineData(ReadWrite, Mapped, CUresult.CUDA_SUCCESS)]
    public void Register_MemoryOfAProtection_TakesWhatCanBeLocked(int protection, uint flags, CUresult expected)
    {
        using var stage = new Stage(server);
        using var gpu = new SimulatedGpu();
        using var simulated = new SimulatedDriver(gpu);
        Cuda.Ok(simulated.cuInit(0));
        simulated.CreateContext();
        byte* memory = Map(protection);

        Assert.Equal(expected, stage.Driver.cuMemHostRegister_v2(memory, Bytes, flags));
        Assert.Equal(expected, simulated.cuMemHostRegister_v2(memory, Bytes, flags));

        stage.Driver.cuMemHostUnregister(memory);
        Unmap(memory);
    }

    [Fact]
    public void Register_MemoryWithAHole_IsRefused()
    {
        using var stage = new Stage(server);
        byte* memory = Map(ReadWrite);
        munmap(memory + (Bytes / 2), 4096);

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, stage.Driver.cuMemHostRegister_v2(memory, Bytes, Mapped));

        Unmap(memory);
    }

    [Fact]
    public void Register_AFileBehindItsEnd_IsRefused()
    {
        using var stage = new Stage(server);
        using FileStream file = File.OpenRead("/proc/self/exe");
        nuint end = (nuint)((file.Length + 4095) & ~4095L);
        byte* memory = mmap(null, end + 8192, Read, 1, (int)file.SafeFileHandle.DangerousGetHandle(), 0);

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, stage.Driver.cuMemHostRegister_v2(memory, end + 8192, Mapped | ReadOnly));

        munmap(memory, end + 8192);
    }

    [Fact]
    public void ReadOnlyMemory_ThatAKernelWrites_StaysAsItIs()
    {
        using var stage = new Stage(server);
        byte* memory = Map(Read);
        Cuda.Ok(stage.Driver.cuMemHostRegister_v2(memory, Bytes, Mapped | ReadOnly));

        Cuda.Ok(stage.Add(Twin(stage, memory), 16, 1, 5));
        stage.Synchronize();

        Assert.Equal(0, memory[0]);
        Cuda.Ok(stage.Driver.cuMemHostUnregister(memory));
        Unmap(memory);
    }

    [Fact]
    public void MemoryThatGoesWhileRegistered_FailsTheNextCallAndNoMore()
    {
        using var stage = new Stage(server);
        byte* memory = Map(ReadWrite);
        CUdeviceptr device = stage.Driver.Allocate(16);
        Cuda.Ok(stage.Driver.cuMemHostRegister_v2(memory, Bytes, Mapped));
        Unmap(memory);

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, stage.Driver.cuCtxSynchronize());
        Cuda.Ok(stage.Add((void*)device.Value, 1, 1, 1));
        stage.Synchronize();
        Cuda.Ok(stage.Driver.cuMemHostUnregister(memory));
        Cuda.Ok(stage.Add((void*)device.Value, 1, 1, 1));
        stage.Synchronize();
    }

    [Fact]
    public void MemoryThatGoesBeforeAKernelHasWrittenIt_IsNotTouched()
    {
        using var stage = new Stage(server);
        byte* memory = Map(ReadWrite);
        Cuda.Ok(stage.Driver.cuMemHostRegister_v2(memory, Bytes, Mapped));
        Cuda.Ok(stage.Add(Twin(stage, memory), Bytes, 1, 5));
        Unmap(memory);

        Cuda.Ok(stage.Driver.cuMemHostUnregister(memory));
        stage.Synchronize();
    }

    // Where a kernel finds the memory: mostly at the same address, but for where the server's process has something there.
    private static void* Twin(Stage stage, byte* memory)
    {
        CUdeviceptr twin;
        Cuda.Ok(stage.Driver.cuMemHostGetDevicePointer_v2(&twin, memory, 0));
        return (void*)twin.Value;
    }

    private static byte* Map(int protection)
    {
        byte* memory = mmap(null, Bytes, protection, 0x22, -1, 0);
        Assert.NotEqual(-1, (nint)memory);
        return memory;
    }

    private static void Unmap(byte* memory) => Assert.Equal(0, munmap(memory, Bytes));

    [LibraryImport("libc")]
    private static partial byte* mmap(byte* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc")]
    private static partial int munmap(byte* address, nuint length);
}
