using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// The client's memory stays the client's; what kernels reach is a twin of it here. docs/host-memory.md.
internal static unsafe partial class Custom
{
    /// <summary>Addresses that both sides have free, for memory that the client allocates itself.</summary>
    public static void cuMemHostAlloc(CudaDriver driver, ref ServerCall call)
    {
        bool isShared = ReadIsShared(ref call);
        if (!call.Begin())
        {
            return;
        }

        ulong start = call.Session.Twins.OpenWindow(isShared);
        if (call.Reply(start != 0 ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_OUT_OF_MEMORY))
        {
            call.Write(start);
            call.Write(HostWindows.WindowBytes);
        }
    }

    /// <summary>A twin for memory of the client, which kernels are about to reach.</summary>
    public static void cuMemHostRegister_v2(CudaDriver driver, ref ServerCall call)
    {
        ulong start = call.ReadUInt64();
        nuint bytes = call.ReadNUInt();
        bool isShared = ReadIsShared(ref call);
        if (!call.Begin(reportsFailures: false))
        {
            return;
        }

        CUresult status = call.Session.Twins.Add(start, bytes, isShared, call.CurrentContext, out ulong device);
        if (call.Reply(status))
        {
            call.Write(device);
            call.Write(isShared);
        }
    }

    /// <summary>The end of a twin. What kernels have changed is on its way to the client before the reply.</summary>
    public static void cuMemHostUnregister(CudaDriver driver, ref ServerCall call)
    {
        ulong start = call.ReadUInt64();
        if (call.Begin(reportsFailures: false))
        {
            call.Reply(call.Session.Twins.Remove(start));
        }
    }

    private static bool ReadIsShared(ref ServerCall call)
    {
        byte* identity = call.ReadArray<byte>(out nuint length);
        if (length != ProcessIdentity.Size)
        {
            call.Malformed($"an identity of {length} bytes");
        }

        return ProcessIdentity.IsThisProcess(new ReadOnlySpan<byte>(identity, (int)length));
    }
}
