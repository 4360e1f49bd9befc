using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>Several devices, stream memory operations, batches and pointer attributes through a server.</summary>
public sealed unsafe class DevicesTests
{
    private const string StorePtx = """
        .version 8.0
        .target sm_90
        .address_size 64
        .visible .entry store(.param .u64 p, .param .u32 v)
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<2>;
            ld.param.u64 %rd1, [p];
            ld.param.u32 %r1, [v];
            st.global.u32 [%rd1], %r1;
            ret;
        }
        """;

    [Theory]
    [InlineData(true, CUDA_SUCCESS)]
    [InlineData(false, CUDA_ERROR_ILLEGAL_ADDRESS)]
    public void Kernel_ReachesAPeersMemory_OnlyWhereEnabled(bool enabled, CUresult expected)
    {
        using var server = new MemoryServer(devices: 2);
        using RemoteDriver driver = server.Connect(device: 1);
        CUcontext peer = driver.CurrentContext();
        CUdeviceptr there = driver.Allocate(16);
        driver.Write(there, [1, 0, 0, 0]);
        CUcontext here = driver.CreateContext(device: 0);
        CUfunction store = driver.Function(driver.Load(StorePtx), "store");
        if (enabled)
        {
            Cuda.Ok(driver.cuCtxEnablePeerAccess(peer, 0));
            Assert.Equal(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, driver.cuCtxEnablePeerAccess(peer, 0));
        }

        byte[] parameters = [.. BitConverter.GetBytes(there.Value), .. BitConverter.GetBytes(77u)];
        Cuda.Ok(driver.Launch(store, parameters));

        Assert.Equal(expected, driver.cuCtxSynchronize());
        Cuda.Ok(driver.cuCtxSetCurrent(peer));
        Assert.Equal([(byte)(enabled ? 77 : 1)], driver.Read(there, 1));
        Assert.NotEqual(here, peer);
    }

    [Fact]
    public void Copies_GoFromDeviceToDevice()
    {
        using var server = new MemoryServer(devices: 2);
        using RemoteDriver driver = server.Connect();
        CUcontext first = driver.CurrentContext();
        CUdeviceptr here = driver.Allocate(8);
        driver.Write(here, [1, 2, 3, 4, 5, 6, 7, 8]);
        CUcontext second = driver.CreateContext(device: 1);
        CUdeviceptr there = driver.Allocate(8), again = driver.Allocate(8);
        int ordinal;

        Cuda.Ok(driver.cuMemcpy(there, here, 8));
        Cuda.Ok(driver.cuMemcpyPeer(again, second, here, first, 4));

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], driver.Read(there, 8));
        Assert.Equal([1, 2, 3, 4], driver.Read(again, 4));
        Cuda.Ok(driver.cuPointerGetAttribute(&ordinal, CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, here));
        Assert.Equal(0, ordinal);
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, driver.cuMemcpyPeer(again, default, here, first, 4));
    }

    [Fact]
    public void PeerQueries_AreAnswered()
    {
        using var server = new MemoryServer(devices: 2);
        using RemoteDriver driver = server.Connect();
        int count, can, same, rank;

        Cuda.Ok(driver.cuDeviceGetCount(&count));
        Cuda.Ok(driver.cuDeviceCanAccessPeer(&can, 0, 1));
        Cuda.Ok(driver.cuDeviceCanAccessPeer(&same, 1, 1));
        Cuda.Ok(driver.cuDeviceGetP2PAttribute(&rank, CUdevice_P2PAttribute.CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 0, 1));

        Assert.Equal((2, 1, 0, 1), (count, can, same, rank));
        Assert.Equal(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, driver.cuCtxDisablePeerAccess(Other(driver)));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, driver.cuCtxEnablePeerAccess(default, 0));
    }

    [Fact]
    public void StreamWait_IsPosted_AndReleasedByAnotherStreamsWrite()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUdeviceptr flag = driver.Allocate(8), data = driver.Allocate(8);
        driver.Write(flag, new byte[8]);
        driver.Write(data, new byte[8]);
        CUstream waiting, writing;
        Cuda.Ok(driver.cuStreamCreate(&waiting, 1));
        Cuda.Ok(driver.cuStreamCreate(&writing, 1));
        long before = driver.Session.Statistics.Synchronous;

        Cuda.Ok(driver.cuStreamWaitValue32_v2(waiting, flag, 3, 1));
        Cuda.Ok(driver.cuMemcpyDtoDAsync_v2(data + 4ul, data, 4, waiting));
        Cuda.Ok(driver.cuMemsetD32Async(data, 9, 1, writing));
        Cuda.Ok(driver.cuStreamWriteValue32_v2(writing, flag, 3, 0));

        Assert.Equal(before, driver.Session.Statistics.Synchronous);
        Cuda.Ok(driver.cuStreamSynchronize(waiting));
        Assert.Equal([9, 0, 0, 0, 9], driver.Read(data, 5));
    }

    [Fact]
    public void StreamWait_ThatNobodyReleases_EndsWithTheSession()
    {
        using var server = new MemoryServer();
        RemoteDriver driver = server.Connect();
        CUdeviceptr flag = driver.Allocate(8);
        driver.Write(flag, new byte[8]);
        Cuda.Ok(driver.cuStreamWaitValue64_v2(default, flag, 3, 1));
        Assert.Equal(CUDA_ERROR_NOT_READY, driver.cuStreamQuery(default));

        driver.Dispose();

        server.BecomesEmpty();
    }

    [Fact]
    public void StreamWrite_OfBadAddress_IsReportedByALaterCall()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();

        Cuda.Ok(driver.cuStreamWriteValue32_v2(default, new CUdeviceptr(64), 3, 0));

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuCtxSynchronize());
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuStreamWriteValue32_v2(new CUstream(9999), default, 3, 0));
    }

    [Fact]
    public void BatchCopy_CopiesBetweenHostAndDevice_AndSaysWhichFailed()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUstream stream = driver.CreateStream();
        CUdeviceptr device = driver.Allocate(16);
        long source = 0x0102030405060708, target = 0;
        CUdeviceptr* to = stackalloc CUdeviceptr[] { device, device + 8ul, new((ulong)&target), device };
        CUdeviceptr* from = stackalloc CUdeviceptr[] { new((ulong)&source), device, device + 8ul, new((ulong)&source) };
        nuint* sizes = stackalloc nuint[] { 8, 8, 8, 17 };
        var attributes = new CUmemcpyAttributes_v1 { srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL };
        nuint begin = 0, failed = 0;

        Cuda.Ok(driver.cuMemcpyBatchAsync(to, from, sizes, 3, &attributes, &begin, 1, &failed, stream));
        Cuda.Ok(driver.cuStreamSynchronize(stream));

        Assert.Equal(source, target);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemcpyBatchAsync(to, from, sizes, 4, &attributes, &begin, 1, &failed, stream));
        Assert.Equal((nuint)3, failed);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemcpyBatchAsync_v2(to, from, sizes, 3, &attributes, &begin, 1, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemcpyBatchAsync_v2(to, from, sizes, 3, null, &begin, 1, stream));
    }

    [Fact]
    public void SyncMemops_IsSetAndRead()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUdeviceptr device = driver.Allocate(16);
        int on = 1, seen;

        Cuda.Ok(driver.cuPointerSetAttribute(&on, CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, device));
        Cuda.Ok(driver.cuPointerGetAttribute(&seen, CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, device + 3ul));

        Assert.Equal(1, seen);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuPointerSetAttribute(&on, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPED, device));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuPointerSetAttribute(&on, CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, default));
    }

    [Fact]
    public void Decompression_WithoutTheEngine_IsNotSupported()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUmemDecompressParams one = default;
        nuint failed;

        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, driver.cuMemBatchDecompressAsync(&one, 1, 0, &failed, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemBatchDecompressAsync(null, 1, 0, &failed, default));
    }

    private static CUcontext Other(RemoteDriver driver)
    {
        CUcontext here = driver.CurrentContext(), other = driver.CreateContext(device: 1);
        Cuda.Ok(driver.cuCtxSetCurrent(here));
        return other;
    }
}
