using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuMemsetD8_v2(CUdeviceptr dstDevice, byte uc, nuint N) => Set(dstDevice, 0, N, 1, uc);

    /// <inheritdoc/>
    public override CUresult cuMemsetD8Async(CUdeviceptr dstDevice, byte uc, nuint N, CUstream hStream) =>
        SetAsync(dstDevice, 0, N, 1, uc, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemsetD2D8_v2(CUdeviceptr dstDevice, nuint dstPitch, byte uc, nuint Width, nuint Height) =>
        Set(dstDevice, dstPitch, Width, Height, uc);

    /// <inheritdoc/>
    public override CUresult cuMemsetD2D8Async(
        CUdeviceptr dstDevice, nuint dstPitch, byte uc, nuint Width, nuint Height, CUstream hStream) =>
        SetAsync(dstDevice, dstPitch, Width, Height, uc, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemsetD16_v2(CUdeviceptr dstDevice, ushort us, nuint N) => Set(dstDevice, 0, N, 1, us);

    /// <inheritdoc/>
    public override CUresult cuMemsetD16Async(CUdeviceptr dstDevice, ushort us, nuint N, CUstream hStream) =>
        SetAsync(dstDevice, 0, N, 1, us, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemsetD2D16_v2(CUdeviceptr dstDevice, nuint dstPitch, ushort us, nuint Width, nuint Height) =>
        Set(dstDevice, dstPitch, Width, Height, us);

    /// <inheritdoc/>
    public override CUresult cuMemsetD2D16Async(
        CUdeviceptr dstDevice, nuint dstPitch, ushort us, nuint Width, nuint Height, CUstream hStream) =>
        SetAsync(dstDevice, dstPitch, Width, Height, us, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemsetD32_v2(CUdeviceptr dstDevice, uint ui, nuint N) => Set(dstDevice, 0, N, 1, ui);

    /// <inheritdoc/>
    public override CUresult cuMemsetD32Async(CUdeviceptr dstDevice, uint ui, nuint N, CUstream hStream) =>
        SetAsync(dstDevice, 0, N, 1, ui, hStream);

    /// <inheritdoc/>
    public override CUresult cuMemsetD2D32_v2(CUdeviceptr dstDevice, nuint dstPitch, uint ui, nuint Width, nuint Height) =>
        Set(dstDevice, dstPitch, Width, Height, ui);

    /// <inheritdoc/>
    public override CUresult cuMemsetD2D32Async(
        CUdeviceptr dstDevice, nuint dstPitch, uint ui, nuint Width, nuint Height, CUstream hStream) =>
        SetAsync(dstDevice, dstPitch, Width, Height, ui, hStream);

    // Of device memory, a set without a stream does not make the host wait either, unless the memory wants it: it is ordered by the legacy
    // stream.
    private CUresult Set<T>(CUdeviceptr destination, nuint pitch, nuint width, nuint rows, T value)
        where T : unmanaged
    {
        CUresult result = SetAsync(destination, pitch, width, rows, value, default);
        return result == CUDA_SUCCESS && Device(destination, 1) is { IsSynchronous: true } ? cuStreamSynchronize(default) : result;
    }

    private CUresult SetAsync<T>(CUdeviceptr destination, nuint pitch, nuint width, nuint rows, T value, CUstream hStream)
        where T : unmanaged
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        CUresult result = PrepareSet(destination, pitch, width, rows, value, out StreamWork? work);
        return work is null ? result : Submitted(stream.Context.Submit(stream, work, out _));
    }

    /// <summary>The work of a set, or null with the call's result when there is nothing to do.</summary>
    private CUresult PrepareSet<T>(CUdeviceptr destination, nuint pitch, nuint width, nuint rows, T value, out StreamWork? work)
        where T : unmanaged
    {
        work = null;
        if (width == 0 || rows == 0)
        {
            return CUDA_SUCCESS;
        }
        nuint size = (nuint)sizeof(T);
        if (width > nuint.MaxValue / size || destination.Value % size != 0 || (rows > 1 && (pitch < width * size || pitch % size != 0)))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        UInt128 bytes = ((UInt128)pitch * (rows - 1)) + (width * size);
        if (bytes > nuint.MaxValue || Device(destination, (nuint)bytes) is not { } place)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        work = new FillWork<T>(place, pitch, width, rows, value);
        return CUDA_SUCCESS;
    }
}
