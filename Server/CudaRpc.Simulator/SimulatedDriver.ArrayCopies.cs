namespace CudaRpc.Simulator;

// Copies from and to one-dimensional arrays: rows at an offset of bytes.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoA_v2(CUarray dstArray, nuint dstOffset, CUdeviceptr srcDevice, nuint ByteCount) =>
        CopyPitched(ToArray(dstArray, dstOffset, ByteCount, default) with { srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE, srcDevice = srcDevice });

    /// <inheritdoc/>
    public override CUresult cuMemcpyAtoD_v2(CUdeviceptr dstDevice, CUarray srcArray, nuint srcOffset, nuint ByteCount) =>
        CopyPitched(FromArray(srcArray, srcOffset, ByteCount) with { dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE, dstDevice = dstDevice });

    /// <inheritdoc/>
    public override CUresult cuMemcpyHtoA_v2(CUarray dstArray, nuint dstOffset, void* srcHost, nuint ByteCount) =>
        CopyPitched(ToArray(dstArray, dstOffset, ByteCount, (nint)srcHost));

    /// <inheritdoc/>
    public override CUresult cuMemcpyHtoAAsync_v2(CUarray dstArray, nuint dstOffset, void* srcHost, nuint ByteCount, CUstream hStream) =>
        CopyPitchedAsync(ToArray(dstArray, dstOffset, ByteCount, (nint)srcHost), hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpyAtoH_v2(void* dstHost, CUarray srcArray, nuint srcOffset, nuint ByteCount) =>
        CopyPitched(FromArray(srcArray, srcOffset, ByteCount) with { dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST, dstHost = dstHost });

    /// <inheritdoc/>
    public override CUresult cuMemcpyAtoHAsync_v2(void* dstHost, CUarray srcArray, nuint srcOffset, nuint ByteCount, CUstream hStream) =>
        CopyPitchedAsync(
            FromArray(srcArray, srcOffset, ByteCount) with { dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST, dstHost = dstHost }, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemcpyAtoA_v2(CUarray dstArray, nuint dstOffset, CUarray srcArray, nuint srcOffset, nuint ByteCount) =>
        CopyPitched(FromArray(srcArray, srcOffset, ByteCount) with
        {
            dstMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY,
            dstArray = dstArray,
            dstXInBytes = dstOffset,
        });

    private static CUDA_MEMCPY3D_v2 ToArray(CUarray array, nuint offset, nuint bytes, nint host) => new()
    {
        srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
        srcHost = (void*)host,
        dstMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY,
        dstArray = array,
        dstXInBytes = offset,
        WidthInBytes = bytes,
        Height = 1,
        Depth = 1,
    };

    private static CUDA_MEMCPY3D_v2 FromArray(CUarray array, nuint offset, nuint bytes) => new()
    {
        srcMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY,
        srcArray = array,
        srcXInBytes = offset,
        WidthInBytes = bytes,
        Height = 1,
        Depth = 1,
    };
}
