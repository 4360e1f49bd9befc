using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Sets of every width and shape through a server.</summary>
public sealed unsafe class SetTests : IDisposable
{
    private readonly SimulatedServer _server = new();

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Sets_OfEveryWidth_FillExactly()
    {
        CUdeviceptr memory = Zeros(32);
        CUstream stream = Driver.CreateStream();

        Cuda.Ok(Driver.cuMemsetD16_v2(memory, 0xAABB, 2));
        Cuda.Ok(Driver.cuMemsetD16Async(new CUdeviceptr(memory.Value + 8), 0x1122, 1, stream));
        Cuda.Ok(Driver.cuMemsetD32_v2(new CUdeviceptr(memory.Value + 16), 0x01020304, 1));
        Cuda.Ok(Driver.cuCtxSynchronize());

        ulong[] words = MemoryMarshal.Cast<byte, ulong>(Driver.Read(memory, 32)).ToArray();
        Assert.Equal([0xAABBAABBul, 0x1122ul, 0x01020304ul, 0ul], words);
    }

    [Fact]
    public void PitchedSets_LeaveTheRestOfTheRows()
    {
        CUdeviceptr memory = Zeros(48);

        Cuda.Ok(Driver.cuMemsetD2D8_v2(memory, 8, 0x11, 3, 2));
        Cuda.Ok(Driver.cuMemsetD2D16_v2(new CUdeviceptr(memory.Value + 16), 8, 0x2222, 1, 2));
        Cuda.Ok(Driver.cuMemsetD2D32_v2(new CUdeviceptr(memory.Value + 32), 8, 0x33333333, 1, 2));
        Cuda.Ok(Driver.cuMemsetD2D8Async(new CUdeviceptr(memory.Value + 4), 8, 0x44, 1, 1, default));
        Cuda.Ok(Driver.cuCtxSynchronize());

        ulong[] rows = MemoryMarshal.Cast<byte, ulong>(Driver.Read(memory, 48)).ToArray();
        Assert.Equal([0x44_0011_1111ul, 0x111111ul, 0x2222ul, 0x2222ul, 0x33333333ul, 0x33333333ul], rows);
    }

    private CUdeviceptr Zeros(int bytes)
    {
        CUdeviceptr memory = Driver.Allocate(bytes);
        Cuda.Ok(Driver.cuMemsetD8_v2(memory, 0, (nuint)bytes));
        return memory;
    }
}
