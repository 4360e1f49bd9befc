using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Tests;

internal sealed unsafe partial class FakeDriver
{
    public override CUresult cuMemAlloc_v2(CUdeviceptr* dptr, nuint bytesize)
    {
        *dptr = new CUdeviceptr((ulong)NativeMemory.AllocZeroed(bytesize));
        return Called(nameof(cuMemAlloc_v2));
    }

    public override CUresult cuMemFree_v2(CUdeviceptr dptr)
    {
        NativeMemory.Free((void*)dptr.Value);
        return Called(nameof(cuMemFree_v2));
    }

    public override CUresult cuMemHostAlloc(void** pp, nuint bytesize, uint Flags)
    {
        *pp = NativeMemory.AllocZeroed(bytesize);
        return Called(nameof(cuMemHostAlloc));
    }

    public override CUresult cuMemFreeHost(void* p)
    {
        NativeMemory.Free(p);
        return Called(nameof(cuMemFreeHost));
    }

    public override CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount) =>
        Copy((void*)dstDevice.Value, srcHost, ByteCount, nameof(cuMemcpyHtoD_v2));

    public override CUresult cuMemcpyDtoH_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount) =>
        Copy(dstHost, (void*)srcDevice.Value, ByteCount, nameof(cuMemcpyDtoH_v2));

    public override CUresult cuMemcpyDtoD_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, nuint ByteCount) =>
        Copy((void*)dstDevice.Value, (void*)srcDevice.Value, ByteCount, nameof(cuMemcpyDtoD_v2));

    public override CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount, CUstream hStream) =>
        Copy((void*)dstDevice.Value, srcHost, ByteCount, nameof(cuMemcpyHtoDAsync_v2));

    public override CUresult cuMemcpyDtoHAsync_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) =>
        Copy(dstHost, (void*)srcDevice.Value, ByteCount, nameof(cuMemcpyDtoHAsync_v2));

    public override CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) =>
        Copy((void*)dstDevice.Value, (void*)srcDevice.Value, ByteCount, nameof(cuMemcpyDtoDAsync_v2));

    public override CUresult cuMemsetD8Async(CUdeviceptr dstDevice, byte uc, nuint N, CUstream hStream)
    {
        new Span<byte>((void*)dstDevice.Value, (int)N).Fill(uc);
        return Called(nameof(cuMemsetD8Async));
    }

    public override CUresult cuMemsetD16Async(CUdeviceptr dstDevice, ushort us, nuint N, CUstream hStream)
    {
        new Span<ushort>((void*)dstDevice.Value, (int)N).Fill(us);
        return Called(nameof(cuMemsetD16Async));
    }

    public override CUresult cuMemsetD32Async(CUdeviceptr dstDevice, uint ui, nuint N, CUstream hStream)
    {
        new Span<uint>((void*)dstDevice.Value, (int)N).Fill(ui);
        return Called(nameof(cuMemsetD32Async));
    }

    private CUresult Copy(void* destination, void* source, nuint bytes, string function)
    {
        CUresult result = Called(function);
        if (result == CUresult.CUDA_SUCCESS) NativeMemory.Copy(source, destination, bytes);
        return result;
    }
}
