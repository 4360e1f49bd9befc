using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// The replies say that the call was made, and then the linker's own status: its logs are worth most where it failed.
internal static unsafe partial class Custom
{
    public static void cuLinkCreate_v2(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUlinkState);
        var jit = ServerJitOptions.Read(ref call);
        if (!call.Begin())
        {
            return;
        }

        var link = new ServerLink(jit);
        CUlinkState state;
        CUresult status = driver.cuLinkCreate_v2(link.Count, link.Options, link.Values, &state);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, state.Value);
            call.Session.Links[id] = link;
        }
        else
        {
            link.Dispose();
        }

        call.Reply(status);
    }

    public static void cuLinkAddData_v2(CudaDriver driver, ref ServerCall call)
    {
        var state = new CUlinkState(call.ReadHandle(HandleKind.CUlinkState, out nint id));
        var type = (CUjitInputType)call.ReadInt32();
        byte* name = call.ReadString(optional: true);
        var jit = ServerJitOptions.Read(ref call);
        nuint length = call.ReadNUInt();
        byte* data = call.ReadBulk(length);
        if (!call.Begin() || !TryFindLink(ref call, id, out ServerLink link))
        {
            return;
        }

        lock (link)
        {
            if (link.IsDisposed)
            {
                call.Reply(CUresult.CUDA_ERROR_INVALID_HANDLE);
                return;
            }

            CUresult status = driver.cuLinkAddData_v2(state, type, data, length, name, jit.Count, jit.Options, jit.Values);
            jit.Reply(ref call, status);
            link.Reply(ref call);
        }
    }

    public static void cuLinkComplete(CudaDriver driver, ref ServerCall call)
    {
        var state = new CUlinkState(call.ReadHandle(HandleKind.CUlinkState, out nint id));
        if (!call.Begin() || !TryFindLink(ref call, id, out ServerLink link))
        {
            return;
        }

        lock (link)
        {
            if (link.IsDisposed)
            {
                call.Reply(CUresult.CUDA_ERROR_INVALID_HANDLE);
                return;
            }

            void* image;
            nuint size;
            CUresult status = driver.cuLinkComplete(state, &image, &size);
            for (nuint sent = 0; status == CUresult.CUDA_SUCCESS && sent < size;)
            {
                // SAFETY: the driver's memory, which is there until the linker is destroyed, and that waits for the lock.
                nuint piece = nuint.Min(size - sent, ProtocolLimits.CopyPiece);
                call.SendBulkPiece((byte*)image + sent, piece);
                sent += piece;
            }

            call.Reply(CUresult.CUDA_SUCCESS);
            call.Write((uint)status);
            link.Reply(ref call);
        }
    }

    public static void cuLinkDestroy(CudaDriver driver, ref ServerCall call)
    {
        var state = new CUlinkState(call.ReadHandle(HandleKind.CUlinkState, out nint id));
        if (!call.Begin() || !TryFindLink(ref call, id, out ServerLink link))
        {
            return;
        }

        lock (link)
        {
            if (link.IsDisposed)
            {
                call.Reply(CUresult.CUDA_ERROR_INVALID_HANDLE);
                return;
            }

            CUresult status = driver.cuLinkDestroy(state);
            call.Session.Links.TryRemove(id, out _);
            call.Release(id);
            link.Dispose();
            call.Reply(status);
        }
    }

    private static bool TryFindLink(ref ServerCall call, nint id, out ServerLink link)
    {
        bool found = call.Session.Links.TryGetValue(id, out link!);
        if (!found)
        {
            call.Reply(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        return found;
    }
}
