using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>The entry points of CUDA 3.1, whose sizes and addresses have 32 bits, through a server.</summary>
public sealed unsafe class OldSizesTests : IDisposable
{
    private readonly BareServer _server = new();

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Allocation_WhoseAddressDoesNotFit_IsUndone()
    {
        Driver.CreateContext();
        CUdeviceptr_v1 address;
        uint pitch;

        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, Driver.cuMemAlloc(&address, 1 << 20));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, Driver.cuMemAllocPitch(&address, &pitch, 1 << 10, 1 << 10, 4));
        Cuda.Ok(Driver.cuCtxSynchronize());

        Condition.Becomes(0ul, () => _server.UsedBytes);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuMemFree(new CUdeviceptr_v1(4096)));
    }

    [Fact]
    public void Sizes_ThatDoNotFit_AreTheLargestThatDo()
    {
        using var gpu = new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 8UL << 30 });
        using var server = new TestServer(() => new SimulatedDriver(gpu));
        using RemoteDriver driver = server.Connect();
        driver.CreateContext();
        uint total, free;

        Cuda.Ok(driver.cuDeviceTotalMem(&total, 0));
        Assert.Equal(uint.MaxValue, total);
        Cuda.Ok(driver.cuMemGetInfo(&free, &total));
        Assert.Equal((uint.MaxValue, uint.MaxValue), (free, total));
        Cuda.Ok(Driver.cuDeviceTotalMem(&total, 0));
        Assert.Equal(64u << 20, total);
    }

    [Fact]
    public void Arrays_WorkByTheirOldNames()
    {
        Driver.CreateContext();
        var descriptor = new CUDA_ARRAY_DESCRIPTOR_v1 { Width = 4, Height = 2, Format = CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8, NumChannels = 1 };
        CUDA_ARRAY_DESCRIPTOR_v1 found;
        CUarray array;
        byte[] source = [1, 2, 3, 4, 5, 6, 7, 8], target = new byte[8];
        Cuda.Ok(Driver.cuArrayCreate(&array, &descriptor));
        Cuda.Ok(Driver.cuArrayGetDescriptor(&found, array));
        Assert.Equal((4u, 2u, 1u), (found.Width, found.Height, found.NumChannels));

        fixed (byte* from = source, to = target)
        {
            var there = new CUDA_MEMCPY2D_v1
            {
                srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST, srcHost = from, srcPitch = 4,
                dstMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY, dstArray = array, WidthInBytes = 4, Height = 2,
            };
            var back = new CUDA_MEMCPY2D_v1
            {
                srcMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY, srcArray = array,
                dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST, dstHost = to, dstPitch = 4, WidthInBytes = 4, Height = 2,
            };
            Cuda.Ok(Driver.cuMemcpy2D(&there));
            Cuda.Ok(Driver.cuMemcpy2D(&back));
            Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuMemcpy2D(null));
        }

        Assert.Equal(source, target);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuArrayCreate(&array, null));
    }
}
