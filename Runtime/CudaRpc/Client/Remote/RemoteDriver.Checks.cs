using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// What is wrong with a posted call's arguments beyond doubt is said by the call itself: else the next call would say it, and not be made.
// Addresses that the client has not been given may still be the device's (another session's, a kernel's own); of those the driver decides.
public sealed unsafe partial class RemoteDriver
{
    private CUresult? CheckSet<T>(CUdeviceptr dstDevice, T value, nuint N)
        where T : unmanaged => CheckSet(dstDevice, 0, value, N, 1, default);

    private CUresult? CheckSet<T>(CUdeviceptr dstDevice, T value, nuint N, CUstream hStream)
        where T : unmanaged => CheckSet(dstDevice, 0, value, N, 1, hStream);

    private CUresult? CheckSet<T>(CUdeviceptr dstDevice, nuint dstPitch, T value, nuint Width, nuint Height)
        where T : unmanaged => CheckSet(dstDevice, dstPitch, value, Width, Height, default);

    private CUresult? CheckSet<T>(CUdeviceptr dstDevice, nuint dstPitch, T value, nuint Width, nuint Height, CUstream hStream)
        where T : unmanaged
    {
        if (FaultOf(hStream) is CUresult fault)
        {
            return fault;
        }

        nuint size = (nuint)sizeof(T);
        if (Width == 0 || Height == 0 || HasNoContext(hStream))
        {
            return null;
        }

        bool isMisplaced = dstDevice.Value % size != 0 || (Height > 1 && (dstPitch % size != 0 || dstPitch / size < Width));
        UInt128 bytes = ((UInt128)dstPitch * (Height - 1)) + ((UInt128)Width * size);
        return isMisplaced || Leaves(dstDevice.Value, bytes) ? CUresult.CUDA_ERROR_INVALID_VALUE : null;
    }

    private CUresult? CheckCopy(CUdeviceptr dstDevice, CUdeviceptr srcDevice, nuint ByteCount) => CheckCopy(dstDevice, srcDevice, ByteCount, default);

    private CUresult? CheckCopy(CUdeviceptr dstDevice, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) =>
        FaultOf(hStream) is CUresult fault
            ? fault
            : ByteCount != 0 && !HasNoContext(hStream) && (Leaves(dstDevice.Value, ByteCount) || Leaves(srcDevice.Value, ByteCount))
                ? CUresult.CUDA_ERROR_INVALID_VALUE
                : null;

    // What the driver answers to all work in the stream since a kernel's fault, as far as it has told us.
    private CUresult? FaultOf(CUstream stream) =>
        Handles.HasFault && StreamContext(stream, out CUcontext owner) == CUresult.CUDA_SUCCESS
            && Handles.Find<ContextInfo>(owner.Value) is { Fault: not CUresult.CUDA_SUCCESS } spoilt
            ? spoilt.Fault
            : null;

    // Then the driver says that first.
    private bool HasNoContext(CUstream stream) => HandleId.IsStreamConstant(stream.Value) && Context(default) is null;

    // Memory of a graph may be the graph's again under the same address and of another size.
    private bool Leaves(ulong start, UInt128 bytes) =>
        start == 0 || bytes > ulong.MaxValue - start
        || (_session.Ranges.TryFind(start, out DeviceRange range) && bytes > range.Bytes - (start - range.Base) && !_graphMemory.ContainsKey(range.Base));

    // Whether what is of `context` cannot be used in the stream, which is of another one. 0 is a context that is not known here.
    private bool IsForeign(nint context, CUstream stream) =>
        HandleId.Kind(context) == HandleKind.CUcontext && StreamContext(stream, out CUcontext owner) == CUresult.CUDA_SUCCESS && owner.Value != context;
}
