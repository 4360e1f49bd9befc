using static CudaRpc.Driver.CUdevice_P2PAttribute;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Several devices: what reaches from one to the other, and what does not.</summary>
public sealed unsafe class PeerTests
{
    [Fact]
    public void Devices_CanAccessEachOtherButNotThemselves()
    {
        using var bench = new Bench(devices: 2, withContext: false);
        int can, value;

        Bench.Must(bench.Driver.cuDeviceCanAccessPeer(&can, 0, 1));
        Assert.Equal(1, can);
        Bench.Must(bench.Driver.cuDeviceCanAccessPeer(&can, 1, 1));
        Assert.Equal(0, can);
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuDeviceCanAccessPeer(&can, 0, 2));
        Bench.Must(bench.Driver.cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 0, 1));
        Assert.Equal(1, value);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 1, 1));
    }

    [Fact]
    public void PeerAccess_IsEnabledOnceAndOneWay()
    {
        using var bench = new Bench(devices: 2);
        CUcontext peer = bench.NewContext(1);
        Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));

        Assert.Equal(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, bench.Driver.cuCtxDisablePeerAccess(peer));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCtxEnablePeerAccess(peer, 1));
        Bench.Must(bench.Driver.cuCtxEnablePeerAccess(peer, 0));
        Assert.Equal(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, bench.Driver.cuCtxEnablePeerAccess(peer, 0));
        Bench.Must(bench.Driver.cuCtxSetCurrent(peer));
        Assert.Equal(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, bench.Driver.cuCtxDisablePeerAccess(bench.Context));
        Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));
        Bench.Must(bench.Driver.cuCtxDisablePeerAccess(peer));
    }

    [Fact]
    public void PeerAccess_ToTheSameDeviceOrNoContext_IsRefused()
    {
        using var bench = new Bench();
        CUcontext second = bench.NewContext();

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxEnablePeerAccess(default, 0));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxEnablePeerAccess(second, 0));
        Assert.Equal(CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, bench.Driver.cuCtxEnablePeerAccess(bench.Context, 0));
    }

    [Theory]
    [InlineData(true, CUDA_SUCCESS)]
    [InlineData(false, CUDA_ERROR_ILLEGAL_ADDRESS)]
    public void Kernel_ReachesAPeersMemory_OnlyWhereEnabled(bool enabled, CUresult expected)
    {
        using var bench = new Bench(devices: 2);
        CUcontext peer = bench.NewContext(1);
        CUdeviceptr there = bench.Allocate(16);
        Bench.Must(bench.Driver.cuMemsetD32_v2(there, 1, 4));
        Bench.Must(bench.Driver.cuCtxSynchronize());
        Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));
        if (enabled)
        {
            Bench.Must(bench.Driver.cuCtxEnablePeerAccess(peer, 0));
        }

        Store(bench, there, 42);

        Assert.Equal(expected, bench.Driver.cuCtxSynchronize());
        Bench.Must(bench.Driver.cuCtxSetCurrent(peer));
        Assert.Equal(enabled ? 42 : 1, bench.Read<int>(there));
    }

    [Fact]
    public void Kernel_DoesNotReachMemoryOfAnotherDriver()
    {
        using var bench = new Bench();
        using var other = new SimulatedDriver(bench.Gpu);
        CUcontext context;
        CUdeviceptr foreign;
        Bench.Must(other.cuInit(0));
        Bench.Must(other.cuCtxCreate_v2(&context, 0, 0));
        Bench.Must(other.cuMemAlloc_v2(&foreign, 16));

        Store(bench, foreign, 42);

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Copy_BetweenDevices_NeedsNoPeerAccess()
    {
        using var bench = new Bench(devices: 2);
        CUdeviceptr here = bench.Allocate(16);
        bench.Write(here, 7);
        CUcontext second = bench.NewContext(1);
        CUdeviceptr there = bench.Allocate(16);

        Bench.Must(bench.Driver.cuMemcpy(there, here, 16));
        Assert.Equal(7, bench.Read<int>(there));
        Bench.Must(bench.Driver.cuMemcpyPeerAsync(here + 4ul, bench.Context, there, second, 4, default));
        Bench.Must(bench.Driver.cuCtxSynchronize());
        Assert.Equal(7, bench.Read<int>(here + 4ul));
    }

    [Fact]
    public void DestroyedPeer_IsForgotten()
    {
        using var bench = new Bench(devices: 2);
        CUcontext peer = bench.NewContext(1);
        CUdeviceptr there = bench.Allocate(16);
        Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));
        Bench.Must(bench.Driver.cuCtxEnablePeerAccess(peer, 0));
        Bench.Must(bench.Driver.cuCtxDestroy_v2(peer));

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCtxDisablePeerAccess(peer));
        Store(bench, there, 1);
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());
    }

    private static void Store(Bench bench, CUdeviceptr address, uint value)
    {
        void** parameters = stackalloc void*[] { &address, &value };
        Bench.Must(bench.Driver.cuLaunchKernel(bench.GetFunction("store"), 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
    }
}
