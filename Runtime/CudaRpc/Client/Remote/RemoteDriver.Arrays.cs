using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Arrays that are parts of others, and the copies of one-dimensional ones.
public sealed unsafe partial class RemoteDriver
{
    /// <summary>A level or a plane belongs to what it is a part of: that is destroyed.</summary>
    public override CUresult cuArrayDestroy(CUarray hArray)
    {
        if (Handles.Find(hArray.Value) is not { Kind: HandleKind.CUarray } info
            || HandleId.Kind(info.Parent) is HandleKind.CUmipmappedArray or HandleKind.CUarray)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        try
        {
            var call = new Call(_session, CallId.cuArrayDestroy);
            call.WriteHandle(hArray.Value);
            CUresult status = call.Post();
            Handles.Forget(hArray.Value);
            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuArrayDestroy, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMipmappedArrayGetLevel(CUarray* pLevelArray, CUmipmappedArray hMipmappedArray, uint level) =>
        Handles.Find(hMipmappedArray.Value) is { Kind: HandleKind.CUmipmappedArray } info
            ? GetPart(CallId.cuMipmappedArrayGetLevel, pLevelArray, hMipmappedArray.Value, info, level)
            : Local(CUresult.CUDA_ERROR_INVALID_HANDLE);

    /// <inheritdoc/>
    public override CUresult cuArrayGetPlane(CUarray* pPlaneArray, CUarray hArray, uint planeIdx) =>
        Handles.Find(hArray.Value) is { Kind: HandleKind.CUarray } info
            ? GetPart(CallId.cuArrayGetPlane, pPlaneArray, hArray.Value, info, planeIdx)
            : Local(CUresult.CUDA_ERROR_INVALID_HANDLE);

    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoA_v2(CUarray dstArray, nuint dstOffset, CUdeviceptr srcDevice, nuint ByteCount) =>
        Pitched(CallId.cuMemcpy2D_v2, OfRow(ByteCount).FromDevice(srcDevice).ToArray(dstArray, dstOffset), default, asynchronous: false);

    /// <inheritdoc/>
    public override CUresult cuMemcpyAtoD_v2(CUdeviceptr dstDevice, CUarray srcArray, nuint srcOffset, nuint ByteCount) =>
        Pitched(CallId.cuMemcpy2D_v2, OfRow(ByteCount).FromArray(srcArray, srcOffset).ToDevice(dstDevice), default, asynchronous: false);

    /// <inheritdoc/>
    public override CUresult cuMemcpyHtoA_v2(CUarray dstArray, nuint dstOffset, void* srcHost, nuint ByteCount) =>
        Pitched(CallId.cuMemcpy2D_v2, OfRow(ByteCount).FromHost(srcHost).ToArray(dstArray, dstOffset), default, asynchronous: false);

    /// <inheritdoc/>
    public override CUresult cuMemcpyHtoAAsync_v2(CUarray dstArray, nuint dstOffset, void* srcHost, nuint ByteCount, CUstream hStream) =>
        Pitched(CallId.cuMemcpy2DAsync_v2, OfRow(ByteCount).FromHost(srcHost).ToArray(dstArray, dstOffset), hStream, asynchronous: true);

    /// <inheritdoc/>
    public override CUresult cuMemcpyAtoH_v2(void* dstHost, CUarray srcArray, nuint srcOffset, nuint ByteCount) =>
        Pitched(CallId.cuMemcpy2D_v2, OfRow(ByteCount).FromArray(srcArray, srcOffset).ToHost(dstHost), default, asynchronous: false);

    /// <inheritdoc/>
    public override CUresult cuMemcpyAtoHAsync_v2(void* dstHost, CUarray srcArray, nuint srcOffset, nuint ByteCount, CUstream hStream) =>
        Pitched(CallId.cuMemcpy2DAsync_v2, OfRow(ByteCount).FromArray(srcArray, srcOffset).ToHost(dstHost), hStream, asynchronous: true);

    /// <inheritdoc/>
    public override CUresult cuMemcpyAtoA_v2(CUarray dstArray, nuint dstOffset, CUarray srcArray, nuint srcOffset, nuint ByteCount) =>
        Pitched(CallId.cuMemcpy2D_v2, OfRow(ByteCount).FromArray(srcArray, srcOffset).ToArray(dstArray, dstOffset), default, asynchronous: false);

    private static CUDA_MEMCPY3D_PEER_v1 OfRow(nuint bytes) => new() { WidthInBytes = bytes, Height = 1, Depth = 1 };

    // A level of a mipmapped array or a plane of an array: made once, ends with its owner.
    private CUresult GetPart(uint callId, CUarray* destination, nint owner, HandleInfo info, uint index)
    {
        if (destination == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        (string, nint) key = ("", (nint)index);
        if (info.Made.TryGetValue(key, out nint known))
        {
            return Local(destination, new CUarray(known));
        }

        try
        {
            var call = new Call(_session, callId);
            nint id = call.WriteNewHandle(HandleKind.CUarray);
            call.WriteHandle(owner);
            call.Write(index);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                Handles.Add(id, new HandleInfo(HandleKind.CUarray, owner));
                info.Made[key] = id;
                *destination = new CUarray(id);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
