using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;
using CudaRpc.Simulator.Tests.Driver;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Pitched copies over the wire: what arrives is what a plain loop would have copied.</summary>
public sealed unsafe class PitchedCopyTests : IDisposable
{
    private readonly Stage _stage = new();

    private RemoteDriver Driver => _stage.Driver;

    public void Dispose() => _stage.Dispose();

    [Fact]
    public void PitchedCopies_OfRandomGeometry_DoWhatAPlainLoopDoes()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            using var scenario = new PitchedScenario(Driver, _stage.Context, seed, scale: 12);

            Assert.Null(scenario.Run());
        }
    }

    [Fact]
    public void LargePitchedCopies_InSeveralPieces_DoWhatAPlainLoopDoes()
    {
        // Up to about 1000 x 16 bytes x 1000 rows x 4 slices: pieces of slices and of rows.
        for (int seed = 1000; seed < 1016; seed++)
        {
            using var scenario = new PitchedScenario(Driver, _stage.Context, seed, scale: 1000);

            Assert.Null(scenario.Run());
        }
    }

    [Fact]
    public void PitchedCopy_OfRowsLargerThanAPiece_KeepsTheBytes()
    {
        const int Width = (5 << 20) + 3;
        CUdeviceptr device = Driver.Allocate(2 * Width);
        byte[] data = new byte[2 * (Width + 7)], back = new byte[data.Length];
        new Random(5).NextBytes(data);
        fixed (byte* source = data, target = back)
        {
            CUDA_MEMCPY2D_v2 there = Copy(Width, 2);
            there.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
            there.srcHost = source;
            there.srcPitch = Width + 7;
            (there.dstMemoryType, there.dstDevice, there.dstPitch) = (CUmemorytype.CU_MEMORYTYPE_DEVICE, device, Width);
            Cuda.Ok(Driver.cuMemcpy2D_v2(&there));
            CUDA_MEMCPY2D_v2 here = Copy(Width, 2);
            (here.srcMemoryType, here.srcDevice, here.srcPitch) = (CUmemorytype.CU_MEMORYTYPE_DEVICE, device, Width);
            here.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
            here.dstHost = target;
            here.dstPitch = Width + 7;
            Cuda.Ok(Driver.cuMemcpy2D_v2(&here));
        }

        Assert.True(data.AsSpan(0, Width).SequenceEqual(back.AsSpan(0, Width)));
        Assert.Equal(new byte[7], back[Width..(Width + 7)]);
        Assert.True(data.AsSpan(Width + 7, Width).SequenceEqual(back.AsSpan(Width + 7, Width)));
    }

    [Fact]
    public void PitchedCopy_BetweenDevices_CostsNoRoundTrip()
    {
        CUDA_MEMCPY2D_v2 copy = Copy(8, 4);
        (copy.srcMemoryType, copy.srcDevice, copy.srcPitch) = (CUmemorytype.CU_MEMORYTYPE_DEVICE, Driver.Allocate(64), 16);
        (copy.dstMemoryType, copy.dstDevice, copy.dstPitch) = (CUmemorytype.CU_MEMORYTYPE_UNIFIED, Driver.Allocate(64), 16);
        byte* pinned = _stage.HostMemory(64);
        CUDA_MEMCPY2D_v2 home = copy;
        home.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        home.dstHost = pinned;
        CallStatistics before = Driver.Session.Statistics;

        Cuda.Ok(Driver.cuMemcpy2D_v2(&copy));
        Cuda.Ok(Driver.cuMemcpy2DAsync_v2(&home, _stage.Stream));

        CallStatistics cost = Driver.Session.Statistics - before;
        Assert.Equal((2, 0), (cost.Posted, cost.Synchronous));
        Cuda.Ok(Driver.cuCtxSynchronize());
    }

    [Fact]
    public void PitchedAsyncCopy_ToPageLockedMemory_IsThereAfterTheStream()
    {
        CUdeviceptr device = Driver.Allocate(64);
        byte* pinned = _stage.HostMemory(64, 1);
        _stage.Hold();
        Cuda.Ok(Driver.cuMemsetD8Async(device, 7, 64, _stage.Stream));
        CUDA_MEMCPY2D_v2 copy = Copy(2, 4);
        (copy.srcMemoryType, copy.srcDevice, copy.srcPitch) = (CUmemorytype.CU_MEMORYTYPE_DEVICE, device, 16);
        copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        copy.dstHost = pinned;
        copy.dstPitch = 16;
        Cuda.Ok(Driver.cuMemcpy2DAsync_v2(&copy, _stage.Stream));
        Assert.Equal(1, pinned[0]);

        _stage.LetGo();
        Cuda.Ok(Driver.cuStreamSynchronize(_stage.Stream));

        for (int i = 0; i < 64; i++)
        {
            Assert.Equal(i % 16 < 2 ? 7 : 1, pinned[i]);
        }
    }

    [Fact]
    public void BadPitchedCopies_AreAnsweredByTheClient()
    {
        CUDA_MEMCPY2D_v2 good = Copy(8, 4);
        (good.srcMemoryType, good.srcDevice, good.srcPitch) = (CUmemorytype.CU_MEMORYTYPE_DEVICE, Driver.Allocate(64), 16);
        (good.dstMemoryType, good.dstDevice, good.dstPitch) = (CUmemorytype.CU_MEMORYTYPE_DEVICE, Driver.Allocate(64), 16);
        CUDA_MEMCPY2D_v2 beyond = good;
        beyond.srcY = 1;
        CUDA_MEMCPY2D_v2 narrow = good;
        narrow.dstPitch = 7;
        CUDA_MEMCPY2D_v2 untyped = good;
        untyped.dstMemoryType = (CUmemorytype)9;
        CUDA_MEMCPY2D_v2 huge = good;
        (huge.WidthInBytes, huge.Height, huge.srcPitch, huge.dstPitch) = (nuint.MaxValue, nuint.MaxValue, nuint.MaxValue, nuint.MaxValue);
        CUDA_MEMCPY2D_v2 stale = good;
        (stale.srcMemoryType, stale.srcArray) = (CUmemorytype.CU_MEMORYTYPE_ARRAY, new CUarray(_stage.Stream.Value));
        CUDA_MEMCPY3D_PEER_v1 alone = new()
        {
            srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
            srcDevice = good.srcDevice,
            dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
            dstDevice = good.dstDevice,
            WidthInBytes = 1,
            Height = 1,
            Depth = 1,
        };
        CUDA_MEMCPY2D_v2 nothing = Copy(0, 4);
        nothing.srcMemoryType = nothing.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        Cuda.Ok(Driver.cuCtxSynchronize());
        CallStatistics before = Driver.Session.Statistics;

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuMemcpy2D_v2(&beyond));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuMemcpy2D_v2(&narrow));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuMemcpy2D_v2(&untyped));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuMemcpy2D_v2(&huge));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuMemcpy2D_v2(null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuMemcpy2D_v2(&stale));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuMemcpy2DAsync_v2(&good, new CUstream(0x7fff_1234)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, Driver.cuMemcpy3DPeer(&alone));
        Assert.Equal(CUresult.CUDA_SUCCESS, Driver.cuMemcpy2D_v2(&nothing));

        CallStatistics cost = Driver.Session.Statistics - before;
        Assert.Equal((0, 0), (cost.Posted, cost.Synchronous));
    }

    private static CUDA_MEMCPY2D_v2 Copy(nuint width, nuint height) => new() { WidthInBytes = width, Height = height };
}
