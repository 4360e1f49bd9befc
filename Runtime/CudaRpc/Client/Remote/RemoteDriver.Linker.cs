using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Files are the program's and read here. Logs come back with every call: the program may look at them whenever one has returned.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuLinkCreate_v2(uint numOptions, CUjit_option* options, void** optionValues, CUlinkState* stateOut)
    {
        if (stateOut == null || (numOptions > 0 && (options == null || optionValues == null)))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var jit = new JitOptions(options, optionValues, numOptions);
        if (!jit.AreSupported)
        {
            return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        try
        {
            var info = new LinkInfo(options, optionValues, numOptions);
            var call = new Call(_session, CallId.cuLinkCreate_v2);
            nint id = call.WriteNewHandle(HandleKind.CUlinkState);
            jit.Write(ref call);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                Handles.Add(id, info);
                *stateOut = new CUlinkState(id);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuLinkCreate_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuLinkAddData_v2(
        CUlinkState state, CUjitInputType type, void* data, nuint size, byte* name, uint numOptions, CUjit_option* options, void** optionValues)
    {
        if (Handles.Find<LinkInfo>(state.Value) is not LinkInfo link)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (data == null || size is 0 or > (nuint)ProtocolLimits.WholeBulk || type >= CUjitInputType.CU_JIT_NUM_INPUT_TYPES
            || (numOptions > 0 && (options == null || optionValues == null)))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var jit = new JitOptions(options, optionValues, numOptions);
        if (!jit.AreSupported)
        {
            return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        try
        {
            lock (link.Lock)
            {
                var call = new Call(_session, CallId.cuLinkAddData_v2);
                call.WriteHandle(state.Value);
                call.Write((int)type);
                if (name == null)
                {
                    call.WriteNil();
                }
                else
                {
                    call.WriteString(name);
                }

                jit.Write(ref call);
                call.Write(size);
                call.WriteBulk(data, size);
                CUresult status = call.Invoke();
                if (status == CUresult.CUDA_SUCCESS)
                {
                    status = (CUresult)call.ReadUInt32();
                    jit.ReadLogs(ref call);
                    link.ReadLogs(ref call);
                    call.End();
                }

                return status;
            }
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuLinkAddData_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuLinkAddFile_v2(
        CUlinkState state, CUjitInputType type, byte* path, uint numOptions, CUjit_option* options, void** optionValues)
    {
        if (Handles.Check(state.Value, HandleKind.CUlinkState) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (path == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUresult status = ReadFile(path, out byte[] content);
        fixed (byte* data = content)
        {
            // PTX may end with a NUL or without; what ReadFile appended is no part of other files.
            nuint size = (nuint)content.Length - (type == CUjitInputType.CU_JIT_INPUT_PTX ? 0u : 1u);
            return status == CUresult.CUDA_SUCCESS ? cuLinkAddData_v2(state, type, data, size, path, numOptions, options, optionValues) : status;
        }
    }

    /// <inheritdoc/>
    public override CUresult cuLinkComplete(CUlinkState state, void** cubinOut, nuint* sizeOut)
    {
        if (Handles.Find<LinkInfo>(state.Value) is not LinkInfo link)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (cubinOut == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            lock (link.Lock)
            {
                CUresult status = link.Image.Length > 0 ? CUresult.CUDA_SUCCESS : Complete(state, link);
                if (status == CUresult.CUDA_SUCCESS)
                {
                    *cubinOut = link.Image.Start;
                    if (sizeOut != null)
                    {
                        *sizeOut = link.Image.Length;
                    }
                }

                return status;
            }
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuLinkComplete, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuLinkDestroy(CUlinkState state)
    {
        if (Handles.Find<LinkInfo>(state.Value) is not LinkInfo link)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        try
        {
            lock (link.Lock)
            {
                var call = new Call(_session, CallId.cuLinkDestroy);
                call.WriteHandle(state.Value);
                CUresult status = call.Post();
                Handles.Forget(state.Value);
                link.Dispose();
                return status;
            }
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuLinkDestroy, failure);
        }
    }

    private CUresult Complete(CUlinkState state, LinkInfo link)
    {
        var call = new Call(_session, CallId.cuLinkComplete);
        call.WriteHandle(state.Value);
        call.ReceiveBulk(link.Image);
        CUresult status = call.Invoke();
        if (status == CUresult.CUDA_SUCCESS)
        {
            status = (CUresult)call.ReadUInt32();
            link.ReadLogs(ref call);
            call.End();
        }

        return status;
    }
}
