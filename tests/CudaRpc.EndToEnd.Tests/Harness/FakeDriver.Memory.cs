using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests;

// Device memory is this process's own, in ranges that every access is checked against: what a hostile client asks for must not crash the tests.
internal unsafe partial class FakeDriver
{
    private readonly List<FakeRange> _ranges = [];

    /// <summary>Bytes allocated and not freed.</summary>
    public long MemoryBytes
    {
        get
        {
            lock (_lock)
            {
                return _ranges.Sum(range => (long)range.Bytes);
            }
        }
    }

    public override CUresult cuMemAlloc_v2(CUdeviceptr* dptr, nuint bytesize) => Allocate(nameof(cuMemAlloc_v2), dptr, bytesize);

    public override CUresult cuMemAllocAsync(CUdeviceptr* dptr, nuint bytesize, CUstream hStream) => Allocate(nameof(cuMemAllocAsync), dptr, bytesize);

    public override CUresult cuMemFree_v2(CUdeviceptr dptr) => Free(nameof(cuMemFree_v2), dptr);

    public override CUresult cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream) => Free(nameof(cuMemFreeAsync), dptr);

    public override CUresult cuMemGetInfo_v2(nuint* free, nuint* total)
    {
        *total = (nuint)TotalBytes;
        *free = (nuint)(TotalBytes - (ulong)MemoryBytes);
        return Enter(nameof(cuMemGetInfo_v2));
    }

    public override CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount) =>
        Copy(nameof(cuMemcpyHtoD_v2), dstDevice, srcHost, null, default, ByteCount);

    public override CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount, CUstream hStream) =>
        Copy(nameof(cuMemcpyHtoDAsync_v2), dstDevice, srcHost, null, default, ByteCount);

    public override CUresult cuMemcpyDtoH_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount) =>
        Copy(nameof(cuMemcpyDtoH_v2), default, null, dstHost, srcDevice, ByteCount);

    public override CUresult cuMemcpyDtoHAsync_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) =>
        Copy(nameof(cuMemcpyDtoHAsync_v2), default, null, dstHost, srcDevice, ByteCount);

    public override CUresult cuMemcpyDtoD_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, nuint ByteCount) =>
        Copy(nameof(cuMemcpyDtoD_v2), dstDevice, null, null, srcDevice, ByteCount);

    public override CUresult cuMemsetD8_v2(CUdeviceptr dstDevice, byte uc, nuint N) => Set(nameof(cuMemsetD8_v2), dstDevice, uc, N);

    public override CUresult cuMemsetD8Async(CUdeviceptr dstDevice, byte uc, nuint N, CUstream hStream) => Set(nameof(cuMemsetD8Async), dstDevice, uc, N);

    protected void ReleaseAll()
    {
        lock (_lock)
        {
            _objects.Clear();
            FreeMemory(null);
        }
    }

    // The memory of one context, or all of it.
    private void FreeMemory(nint? context)
    {
        foreach (FakeRange range in _ranges.Where(range => context is null || range.Context == context))
        {
            NativeMemory.Free((void*)range.Base);
        }

        _ranges.RemoveAll(range => context is null || range.Context == context);
    }

    private CUresult Allocate(string name, CUdeviceptr* address, nuint bytes)
    {
        CUresult status = Enter(name);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        lock (_lock)
        {
            if (bytes == 0)
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            if (bytes > TotalBytes || (ulong)MemoryBytes + bytes > TotalBytes)
            {
                return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
            }

            void* memory = NativeMemory.AllocZeroed(bytes);
            _ranges.Add(new FakeRange((ulong)memory, bytes, _current.Value));
            *address = new CUdeviceptr((ulong)memory);
            return status;
        }
    }

    private CUresult Free(string name, CUdeviceptr address)
    {
        CUresult status = Enter(name);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        lock (_lock)
        {
            int index = _ranges.FindIndex(range => range.Base == address.Value);
            if (index < 0)
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            NativeMemory.Free((void*)address.Value);
            _ranges.RemoveAt(index);
            return status;
        }
    }

    // Under the lock, so that no free takes the memory away meanwhile.
    private CUresult Copy(string name, CUdeviceptr target, void* fromHost, void* toHost, CUdeviceptr source, nuint bytes)
    {
        CUresult status = Enter(name);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        lock (_lock)
        {
            if ((target.Value != 0 && !Contains(target.Value, bytes)) || (source.Value != 0 && !Contains(source.Value, bytes))
                || (target.Value == 0 && source.Value == 0))
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            Buffer.MemoryCopy(
                source.Value != 0 ? (void*)source.Value : fromHost, target.Value != 0 ? (void*)target.Value : toHost, bytes, bytes);
            return status;
        }
    }

    private CUresult Set(string name, CUdeviceptr target, byte value, nuint bytes)
    {
        CUresult status = Enter(name);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        lock (_lock)
        {
            if (!Contains(target.Value, bytes))
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }

            NativeMemory.Fill((void*)target.Value, bytes, value);
            return status;
        }
    }

    private bool Contains(ulong address, ulong bytes)
    {
        foreach (FakeRange range in _ranges)
        {
            if (address >= range.Base && address - range.Base <= range.Bytes && bytes <= range.Bytes - (address - range.Base))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct FakeRange(ulong Base, ulong Bytes, nint Context);
}
