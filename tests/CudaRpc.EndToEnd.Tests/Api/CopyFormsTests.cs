using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUmemorytype;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>The rarer forms of copies through a server: each moves the bytes that it names.</summary>
public sealed unsafe class CopyFormsTests : IDisposable
{
    private readonly SimulatedServer _server = new(devices: 2);
    private readonly CUdeviceptr _from, _to;

    public CopyFormsTests()
    {
        _from = Driver.Allocate(64);
        _to = Driver.Allocate(64);
        Driver.Write(_from, [.. Enumerable.Range(0, 64).Select(static value => (byte)value)]);
        Cuda.Ok(Driver.cuMemsetD8_v2(_to, 0xff, 64));
    }

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Rectangle_Unaligned()
    {
        CUDA_MEMCPY2D_v2 copy = new()
        {
            srcMemoryType = CU_MEMORYTYPE_DEVICE, srcDevice = _from, srcPitch = 8, srcXInBytes = 1,
            dstMemoryType = CU_MEMORYTYPE_DEVICE, dstDevice = _to, dstPitch = 4, WidthInBytes = 3, Height = 2,
        };
        Cuda.Ok(Driver.cuMemcpy2DUnaligned_v2(&copy));
        Assert.Equal([1, 2, 3, 0xff, 9, 10, 11, 0xff], Driver.Read(_to, 8));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Box(int form)
    {
        CUDA_MEMCPY3D_v2 copy = new()
        {
            srcMemoryType = CU_MEMORYTYPE_DEVICE, srcDevice = _from, srcPitch = 8, srcHeight = 4, srcY = 1,
            dstMemoryType = CU_MEMORYTYPE_DEVICE, dstDevice = _to, dstPitch = 2, dstHeight = 1, WidthInBytes = 2, Height = 1, Depth = 2,
        };
        CUDA_MEMCPY3D_PEER_v1 peer = new()
        {
            srcMemoryType = CU_MEMORYTYPE_DEVICE, srcDevice = _from, srcPitch = 8, srcHeight = 4, srcY = 1, srcContext = _server.Context,
            dstMemoryType = CU_MEMORYTYPE_DEVICE, dstDevice = _to, dstPitch = 2, dstHeight = 1, dstContext = _server.Context,
            WidthInBytes = 2, Height = 1, Depth = 2,
        };
        Cuda.Ok(form switch
        {
            0 => Driver.cuMemcpy3D_v2(&copy),
            1 => Driver.cuMemcpy3DAsync_v2(&copy, default),
            _ => Driver.cuMemcpy3DPeerAsync(&peer, default),
        });
        Cuda.Ok(Driver.cuCtxSynchronize());
        Assert.Equal([8, 9, 40, 41, 0xff], Driver.Read(_to, 5));
    }

    [Fact]
    public void BatchOfBoxes()
    {
        CUstream stream = Driver.CreateStream();
        CUDA_MEMCPY3D_BATCH_OP_v1 copy = default;
        copy.src.type = copy.dst.type = CUmemcpy3DOperandType.CU_MEMCPY_OPERAND_TYPE_POINTER;
        copy.src.op.ptr.ptr = new CUdeviceptr(_from.Value + 5);
        copy.dst.op.ptr.ptr = _to;
        copy.extent = new CUextent3D_v1 { width = 3, height = 1, depth = 1 };
        copy.srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_STREAM;
        Cuda.Ok(Driver.cuMemcpy3DBatchAsync_v2(1, &copy, 0, stream));
        Cuda.Ok(Driver.cuStreamSynchronize(stream));
        Assert.Equal([5, 6, 7, 0xff], Driver.Read(_to, 4));
    }

    [Fact]
    public void AddressToAddress_AndIntoAnArray()
    {
        byte* host = stackalloc byte[4];
        CUarray array;
        CUDA_ARRAY_DESCRIPTOR_v2 shape = new() { Width = 8, Format = CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8, NumChannels = 1 };
        Cuda.Ok(Driver.cuArrayCreate_v2(&array, &shape));

        Cuda.Ok(Driver.cuMemcpyAsync(_to, new CUdeviceptr(_from.Value + 60), 4, default));
        Cuda.Ok(Driver.cuMemcpyAsync(new CUdeviceptr((ulong)(nint)host), _to, 4, default));
        Cuda.Ok(Driver.cuCtxSynchronize());
        Assert.Equal([60, 61, 62, 63], new ReadOnlySpan<byte>(host, 4).ToArray());

        Cuda.Ok(Driver.cuMemcpyHtoAAsync_v2(array, 2, host, 4, default));
        Cuda.Ok(Driver.cuMemcpyAtoD_v2(_to, array, 3, 3));
        Assert.Equal([61, 62, 63], Driver.Read(_to, 3));
    }

    [Fact]
    public void DeviceToDevice_OfAnotherContext()
    {
        CUcontext there;
        Cuda.Ok(Driver.cuCtxCreate_v2(&there, 0, 1));
        CUdeviceptr other = Driver.Allocate(64);
        Cuda.Ok(Driver.cuCtxSetCurrent(_server.Context));

        Cuda.Ok(Driver.cuMemcpyPeerAsync(other, there, _from, _server.Context, 64, default));
        Cuda.Ok(Driver.cuCtxSynchronize());

        Cuda.Ok(Driver.cuCtxSetCurrent(there));
        Assert.Equal(63, Driver.Read(other, 64)[63]);
    }
}
