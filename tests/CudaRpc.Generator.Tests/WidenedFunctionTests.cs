using CudaRpc.Driver;

namespace CudaRpc.Generator.Tests;

/// <summary>What the 32-bit forms of CUDA 3.1 make of a driver with 64 bits.</summary>
public sealed unsafe class WidenedFunctionTests
{
    private readonly WideDriver _driver = new();

    [Fact]
    public void Sizes_In_AreExtendedByZeros()
    {
        _driver.cuMemsetD2D8(new CUdeviceptr_v1(0xfffffff0), 0xffffffff, 7, 0x80000000, 3);

        Assert.Equal("cuMemsetD2D8_v2(fffffff0, ffffffff, 7, 80000000, 3)", Assert.Single(_driver.Calls));
    }

    [Fact]
    public void Address_ThatFits_ComesOut()
    {
        _driver.Address = 0xfffffff0;
        CUdeviceptr_v1 dptr;

        Assert.Equal(CUresult.CUDA_SUCCESS, _driver.cuMemAlloc(&dptr, 16));

        Assert.Equal(0xfffffff0, dptr.Value);
        Assert.Equal(["cuMemAlloc_v2(10)"], _driver.Calls);
    }

    [Fact]
    public void Address_ThatDoesNotFit_IsFreedAndOutOfMemory()
    {
        _driver.Address = 0x1_0000_0000;
        var dptr = new CUdeviceptr_v1(42);

        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, _driver.cuMemAlloc(&dptr, 16));

        Assert.Equal(42u, dptr.Value);
        Assert.Equal(["cuMemAlloc_v2(10)", "cuMemFree_v2(100000000)"], _driver.Calls);
    }

    [Fact]
    public void Size_ThatDoesNotFit_IsTheLargestThatDoes()
    {
        uint free, total;

        Assert.Equal(CUresult.CUDA_SUCCESS, _driver.cuMemGetInfo(&free, &total));

        Assert.Equal(123u, free);
        Assert.Equal(uint.MaxValue, total);
    }

    [Fact]
    public void Null_Out_IsTheSuccessorsToJudge()
    {
        uint total;

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemAlloc(null, 16));
        Assert.Equal(CUresult.CUDA_SUCCESS, _driver.cuMemGetInfo(null, &total));
    }

    [Fact]
    public void Struct_In_IsExtendedFieldByField()
    {
        CUDA_MEMCPY2D_v1 copy = new()
        {
            srcXInBytes = 1, srcY = 2, srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE, srcDevice = new CUdeviceptr_v1(0xf0000000),
            dstHost = &copy, dstPitch = 0xffffffff, WidthInBytes = 8, Height = 9,
        };

        Assert.Equal(CUresult.CUDA_SUCCESS, _driver.cuMemcpy2D(&copy));

        CUDA_MEMCPY2D_v2 wide = _driver.Copied;
        Assert.Equal<nuint>([1, 2, 0xffffffff, 8, 9], [wide.srcXInBytes, wide.srcY, wide.dstPitch, wide.WidthInBytes, wide.Height]);
        Assert.Equal(CUmemorytype.CU_MEMORYTYPE_DEVICE, wide.srcMemoryType);
        Assert.Equal(0xf0000000, wide.srcDevice.Value);
        Assert.Equal((nint)(&copy), (nint)wide.dstHost);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuMemcpy2D(null));
    }

    [Fact]
    public void Failure_Comes_Through()
    {
        uint bytes = 42;

        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, _driver.cuDeviceTotalMem(&bytes, 0));
        Assert.Equal(42u, bytes);
    }

    private sealed class WideDriver : CudaDriver
    {
        public ulong Address { get; set; }

        public CUDA_MEMCPY2D_v2 Copied { get; private set; }

        public List<string> Calls { get; } = [];

        public override CUresult cuMemAlloc_v2(CUdeviceptr* dptr, nuint bytesize)
        {
            Calls.Add($"cuMemAlloc_v2({bytesize:x})");
            if (dptr == null)
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            *dptr = new CUdeviceptr(Address);
            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuMemFree_v2(CUdeviceptr dptr)
        {
            Calls.Add($"cuMemFree_v2({dptr.Value:x})");
            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuMemGetInfo_v2(nuint* free, nuint* total)
        {
            *total = unchecked((nuint)0x2_0000_0000);
            if (free != null)
            {
                *free = 123;
            }

            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuMemsetD2D8_v2(CUdeviceptr dstDevice, nuint dstPitch, byte uc, nuint Width, nuint Height)
        {
            Calls.Add($"cuMemsetD2D8_v2({dstDevice.Value:x}, {dstPitch:x}, {uc:x}, {Width:x}, {Height:x})");
            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuMemcpy2D_v2(CUDA_MEMCPY2D_v2* pCopy)
        {
            if (pCopy == null)
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            Copied = *pCopy;
            return CUresult.CUDA_SUCCESS;
        }
    }
}
