namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class PitchedCopyTests
{
    [Fact]
    public void PitchedCopies_OfRandomGeometry_DoWhatAPlainLoopDoes()
    {
        using var bench = new Bench();
        for (int seed = 0; seed < 600; seed++)
        {
            using var scenario = new PitchedScenario(bench.Driver, bench.Context, seed, scale: 12);

            Assert.Null(scenario.Run());
        }
    }

    [Fact]
    public void PitchedCopy_ThatWouldLeaveAnAllocation_IsInvalid()
    {
        using var bench = new Bench();
        byte* host = bench.AllocateHost(64);
        CUDA_MEMCPY2D_v2 copy = ToDevice(host, bench.Allocate(64), pitch: 16, width: 8, height: 4);
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemcpy2D_v2(&copy));

        CUDA_MEMCPY2D_v2 beyond = copy;
        beyond.dstY = 1;
        CUDA_MEMCPY2D_v2 narrow = copy;
        narrow.dstPitch = 7;
        CUDA_MEMCPY2D_v2 wraps = copy;
        wraps.dstY = nuint.MaxValue;
        CUDA_MEMCPY2D_v2 wide = copy;
        wide.dstPitch = (nuint)int.MaxValue + 1;
        CUDA_MEMCPY2D_v2 untyped = copy;
        untyped.dstMemoryType = 0;
        CUDA_MEMCPY2D_v2 nowhere = copy;
        nowhere.srcHost = null;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy2D_v2(&beyond));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy2D_v2(&narrow));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy2D_v2(&wraps));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy2D_v2(&wide));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy2D_v2(&untyped));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy2D_v2(&nowhere));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy2D_v2(null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy2DAsync_v2(&beyond, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuMemcpy2DAsync_v2(&copy, new CUstream(0x7777)));
    }

    [Fact]
    public void PitchedCopy_OfNothing_Succeeds()
    {
        using var bench = new Bench();
        byte* host = bench.AllocateHost(64);
        CUDA_MEMCPY2D_v2 flat = ToDevice(host, bench.Allocate(64), pitch: 16, width: 0, height: 100);
        CUDA_MEMCPY3D_v2 deep = new()
        {
            srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
            dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
            WidthInBytes = 10,
            Height = 10,
        };

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemcpy2D_v2(&flat));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemcpy3D_v2(&deep));
    }

    [Fact]
    public void PitchedCopy_OfALevelOfDetail_IsInvalid()
    {
        using var bench = new Bench();
        CUDA_MEMCPY3D_v2 copy = new()
        {
            srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
            srcHost = bench.AllocateHost(64),
            srcLOD = 1,
            dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
            dstDevice = bench.Allocate(64),
            WidthInBytes = 4,
            Height = 1,
            Depth = 1,
        };

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpy3D_v2(&copy));
    }

    [Fact]
    public void PitchedCopy_WithoutContexts_IsNoCopyBetweenPeers()
    {
        using var bench = new Bench();
        CUDA_MEMCPY3D_PEER_v1 copy = new()
        {
            srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
            srcDevice = bench.Allocate(64),
            srcContext = bench.Context,
            dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
            dstDevice = bench.Allocate(64),
            WidthInBytes = 4,
            Height = 1,
            Depth = 1,
        };

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuMemcpy3DPeer(&copy));
    }

    [Fact]
    public void PitchedAsyncCopy_FromPageableMemory_HasTakenItWhenItReturns()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr device = bench.Allocate(8);
        byte* host = stackalloc byte[] { 1, 0, 2, 0 };
        using (bench.Block(stream))
        {
            CUDA_MEMCPY2D_v2 copy = ToDevice(host, device, pitch: 2, width: 1, height: 2);
            Bench.Must(bench.Driver.cuMemcpy2DAsync_v2(&copy, stream));
            host[0] = host[2] = 9;
        }

        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(0x0002_0001, bench.Read<int>(device));
    }

    private static CUDA_MEMCPY2D_v2 ToDevice(byte* source, CUdeviceptr target, nuint pitch, nuint width, nuint height) => new()
    {
        srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
        srcHost = source,
        srcPitch = pitch,
        dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
        dstDevice = target,
        dstPitch = pitch,
        WidthInBytes = width,
        Height = height,
    };
}
