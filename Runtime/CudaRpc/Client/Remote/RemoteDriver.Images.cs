using CudaRpc.Driver;
using CudaRpc.Images;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Images say their own length; the server gets that many bytes, or fewer where it could not use all. A large one is first only named by its hash: a
// server that has seen it, from whomever, needs no more.
public sealed unsafe partial class RemoteDriver
{
    /// <summary>What a server answers in place of a status if it does not have the image that was named.</summary>
    internal const uint ImageWanted = uint.MaxValue;

    private const int HashBytes = 32;

    private int[]? _architectures;

    private CUresult LoadImage(uint callId, HandleKind kind, byte* image, in JitOptions jit, out nint id)
    {
        id = 0;
        try
        {
            // Options may ask for other code than the device's own.
            using OutgoingImage outgoing = OutgoingImage.Measure(image, jit.IsEmpty ? Architectures : []);
            if (outgoing.Length is 0 or > (nuint)ProtocolLimits.WholeBulk)
            {
                jit.WriteNoLogs();
                return CUresult.CUDA_ERROR_INVALID_IMAGE;
            }

            byte* hash = stackalloc byte[HashBytes];
            bool isNamed = outgoing.Length >= ProtocolLimits.HashedImage;
            if (isNamed)
            {
                outgoing.Hash(new Span<byte>(hash, HashBytes));
            }

            CUresult status = LoadImage(callId, kind, outgoing, isNamed ? hash : null, withBytes: !isNamed, jit, out id);
            return (uint)status == ImageWanted ? LoadImage(callId, kind, outgoing, hash, withBytes: true, jit, out id) : status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult LoadImage(uint callId, HandleKind kind, OutgoingImage image, byte* hash, bool withBytes, in JitOptions jit, out nint id)
    {
        var call = new Call(_session, callId);
        id = call.WriteNewHandle(kind);
        jit.Write(ref call);
        call.Write(image.Length);
        fixed (ulong* parts = image.Parts)
        {
            call.WriteArray(parts, (nuint)image.Parts.Length);
        }

        if (hash == null)
        {
            call.WriteNil();
        }
        else
        {
            call.WriteArray(hash, HashBytes);
        }

        call.Write(withBytes);
        if (withBytes)
        {
            call.WriteBulk(image.Start, image.Length);
        }

        // A library belongs to no context.
        Handles.Add(id, new HandleInfo(kind, kind == HandleKind.CUlibrary ? 0 : CurrentOwner.Value));
        CUresult status = CUresult.CUDA_ERROR_UNKNOWN;
        try
        {
            status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                // The logs are worth most where the load failed, so its own status comes with them.
                status = (CUresult)call.ReadUInt32();
                if ((uint)status != ImageWanted)
                {
                    jit.ReadLogs(ref call);
                    if (!withBytes)
                    {
                        call.NoteSaved(image.Length);
                    }
                }
                else if (withBytes)
                {
                    ProtocolException.Throw("an image was asked for that has been sent");
                }

                call.End();
            }

            return status;
        }
        finally
        {
            if (status != CUresult.CUDA_SUCCESS)
            {
                Handles.Forget(id);
            }
        }
    }

    // Of all devices: a module is loaded into a context of one of them, a library into none.
    private int[] Architectures => _architectures ??= [.. Enumerable.Range(0, _session.Devices.Devices.Count).Select(ArchitectureOf).Distinct()];

    private int ArchitectureOf(int device)
    {
        int?[] attributes = Facts(device)!.Attributes;
        return ((attributes[(int)CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR] ?? 0) * 10)
            + (attributes[(int)CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR] ?? 0);
    }
}
