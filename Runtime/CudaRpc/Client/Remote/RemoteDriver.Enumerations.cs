using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// All functions of a module come with name, layout and attributes, as one asked for by name does, in as few round trips as their size allows.
public sealed unsafe partial class RemoteDriver
{
    /// <summary>Most functions of one reply: what is asked for is minted before it is known how many there are.</summary>
    internal const int FunctionsPerPage = 256;

    /// <inheritdoc/>
    public override CUresult cuModuleEnumerateFunctions(CUfunction* functions, uint numFunctions, CUmodule mod) =>
        Enumerate(CallId.cuModuleEnumerateFunctions, HandleKind.CUfunction, mod.Value, HandleKind.CUmodule, (nint*)functions, numFunctions);

    /// <inheritdoc/>
    public override CUresult cuLibraryEnumerateKernels(CUkernel* kernels, uint numKernels, CUlibrary lib) =>
        Enumerate(CallId.cuLibraryEnumerateKernels, HandleKind.CUkernel, lib.Value, HandleKind.CUlibrary, (nint*)kernels, numKernels);

    /// <inheritdoc/>
    public override CUresult cuLibraryGetUnifiedFunction(void** fptr, CUlibrary library, byte* symbol)
    {
        if (Handles.Check(library.Value, HandleKind.CUlibrary) is var check and not CUresult.CUDA_SUCCESS)
        {
            return Local(check);
        }

        // Unified function pointers are for devices that share the program's address space; none of a server's does, and their attribute says so.
        return Local(fptr == null || symbol == null ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_ERROR_NOT_FOUND);
    }

    private CUresult Enumerate(uint callId, HandleKind kind, nint parent, HandleKind parentKind, nint* destination, uint capacity)
    {
        if (destination == null || capacity == 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Handles.Find(parent) is not HandleInfo maker || maker.Kind != parentKind)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        try
        {
            uint done = 0;
            int received;
            do
            {
                int wanted = (int)Math.Min(capacity - done, FunctionsPerPage);
                var call = new Call(_session, callId);
                call.WriteHandle(parent);
                call.Write(done);
                call.Write(Handles.MintRange(wanted));
                call.Write(wanted);
                CUresult status = call.Invoke();
                if (status != CUresult.CUDA_SUCCESS)
                {
                    return status;
                }

                received = call.ReadInt32();
                if (received < 0 || received > wanted)
                {
                    ProtocolException.Throw($"{received} functions where {wanted} were asked for");
                }

                for (int index = 0; index < received; index++)
                {
                    destination[done++] = ReadMember(ref call, kind, parent, maker);
                }

                call.End();
            }
            while (received > 0 && done < capacity);
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    // One that the session has a handle of already comes under that.
    private nint ReadMember(ref Call call, HandleKind kind, nint parent, HandleInfo maker)
    {
        nint id = call.ReadHandle(kind);
        string name = call.ReadText();
        FunctionInfo info = ReadFunction(ref call, kind, parent, name);
        if (Handles.Find(id) is null)
        {
            Handles.Add(id, info);
        }

        maker.Made.TryAdd((name, 0), id);
        return id;
    }
}
