using CudaRpc.Driver;

namespace CudaRpc.Client;

// Functions of the program that a stream calls: they stay here, the server asks for the call when the stream gets there.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuLaunchHostFunc(CUstream hStream, delegate* unmanaged[Cdecl]<void*, void> fn, void* userData) =>
        fn == null ? CUresult.CUDA_ERROR_INVALID_VALUE
            : IsCaptured(hStream) ? CaptureFunction(hStream, fn, userData)
            : PostFunction(CallId.cuLaunchHostFunc, hStream, new HostCallback(fn, userData));

    /// <inheritdoc/>
    public override CUresult cuStreamAddCallback(
        CUstream hStream, delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> callback, void* userData, uint flags) =>
        callback == null || flags != 0
            ? CUresult.CUDA_ERROR_INVALID_VALUE
            : PostFunction(CallId.cuStreamAddCallback, hStream, new HostCallback(callback, hStream, userData));

    private CUresult CaptureFunction(CUstream stream, delegate* unmanaged[Cdecl]<void*, void> function, void* userData)
    {
        var any = new CUgraphNodeParams { type = CUgraphNodeType.CU_GRAPH_NODE_TYPE_HOST };
        any.host.fn = function;
        any.host.userData = userData;
        return Capture(stream, ref any);
    }

    private CUresult PostFunction(uint callId, CUstream stream, HostCallback callback)
    {
        if (Handles.Check(stream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (Context(default) is null)
        {
            return NoContext();
        }

        try
        {
            var call = new Call(_session, callId);
            call.WriteHandle(stream.Value);
            call.Write(_session.Host.Add(callback));
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    // A call that makes the program's thread wait for the GPU, but is posted here: the data of copies must be there when it returns.
    private CUresult EndHostWork(CUcontext context)
    {
        if (_session.Host.PendingBytes == 0 && !HostMemory.HasTwins)
        {
            return CUresult.CUDA_SUCCESS;
        }

        Stack<CUcontext> contexts = _session.Lane.Contexts;
        contexts.Push(context);
        CUresult status = cuCtxSynchronize();
        contexts.Pop();
        return status;
    }
}
